import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { record } from '../support/ledger.ts';
import {
  allGone,
  expectNothingLeft,
  goLive,
  guestProcesses,
  invited,
  kill,
  type Live,
  letIn,
} from '../support/live.ts';
import type { Master } from '../support/master.ts';
import { signalProcess } from '../support/processes.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';

const own = '# mine\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPkAAAAAAAAAAAAAAAAAAAAAAAAA me@desk\n';

interface Scene {
  readonly live: Live;
  readonly ada: Guest;
  readonly master: Master;
  readonly bob: Guest;
  readonly seat: Terminal;
}

/** Ada types through a multiplexed master, Bob may only look. */
async function twoGuests(stage: Stage): Promise<Scene> {
  const [ada, bob] = await Promise.all([invited(stage, 'ada'), invited(stage, 'bob')]);
  const live = await goLive(stage, ['ada.pub', 'bob.pub']);
  letIn(live, 'bob', 'read-only');
  const master = await ada.master({ session: 'terminal' });
  const second = await master.join();
  const seat = await bob.join();
  await Promise.all([master.terminal?.waitFor('[pair]'), second.waitFor('[pair]'), seat.waitFor('view only')]);
  await seat.waitFor('[pair]');
  return { live, ada, master, bob, seat };
}

/** No login, and no channel over a connection that was open before. */
async function expectRefused({ ada, master, bob }: Scene): Promise<void> {
  const attempts = await Promise.all([bob.run(['-tt']), ada.run(['-tt']), master.channel(['-tt'])]);
  for (const { exitCode, stdout, stderr } of attempts) {
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).not.toContain('[pair]');
  }
}

const hostsSession = async ({ room }: Live) => (await room('has-session', '-t', '=pair')).exitCode === 0;

test('F1 I5 G4: SIGKILL of the supervisor: both guests out within 1 s, nobody new, the file as before', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await twoGuests(stage);
  const inside = guestProcesses(stage);
  expect(inside.length).toBeGreaterThanOrEqual(6);

  const since = kill(scene.live.supervisor);
  const ms = await allGone(inside, since);
  await expectRefused(scene);

  expect(ms).toBeLessThan(1000);
  expect(await scene.master.isAlive()).toBe(false);
  await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
  const restored = performance.now() - since;
  stage.expectUntouched(before);
  expect(await hostsSession(scene.live)).toBe(true);
  await expectNothingLeft(stage);
  record({ id: 'F1', fault: 'tmuxpair is killed (SIGKILL)', guests: 'out', ms, file: 'as before' });
  console.log(`the file was as before ${Math.round(restored)} ms after the SIGKILL`);
});

test('F1: SIGKILL of its whole process group', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await twoGuests(stage);
  const inside = guestProcesses(stage);

  const since = performance.now();
  process.kill(-scene.live.supervisor.pid, 'SIGKILL');
  const ms = await allGone(inside, since);
  await expectRefused(scene);

  expect(ms).toBeLessThan(1000);
  await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
  stage.expectUntouched(before);
  await expectNothingLeft(stage);
  record({ id: 'F1', fault: 'its process group is killed', guests: 'out', ms, file: 'as before' });
});

/** Kills the supervisor when it can't arm another switch any more. */
function killBoth({ supervisor, deadMan }: Live): number {
  const both = [supervisor, deadMan()];
  for (const one of both) if (one) signalProcess(one, 'SIGSTOP');
  return kill(...both);
}

test('F4 I5: switch and supervisor killed together: nobody new at once; the next start takes everything back', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await twoGuests(stage);
  const inside = guestProcesses(stage);

  const since = killBoth(scene.live);
  await expectRefused(scene);
  const told = stage.keysFile()?.toString();
  expect(told).toContain(scene.live.id);
  const ms = await allGone(inside, since);
  const carol = await invited(stage, 'carol');
  const next = await goLive(stage, ['carol.pub']);
  expect(await next.host.transcript()).toContain(`took back what a pairing left behind (${scene.live.id})`);
  expect(stage.keysFile()?.toString()).not.toContain(scene.live.id);
  await using seat = await carol.join();
  await seat.waitFor('[pair]');
  await next.host.sendKeys('C-b', 'd');
  expect(await next.host.exitStatus()).toBe(0);
  stage.expectUntouched(before);
  await expectNothingLeft(stage);
  record({ id: 'F4', fault: 'its switch is killed first, then tmuxpair', guests: 'out', ms, file: 'as before' });
});
