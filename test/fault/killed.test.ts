import { readFileSync } from 'node:fs';
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
  leases,
  letIn,
  litter,
  liveOf,
} from '../support/live.ts';
import type { Master } from '../support/master.ts';
import { type Process, readProcess, signalProcess } from '../support/processes.ts';
import { program } from '../support/program.ts';
import { expectWithin } from '../support/soon.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

const own =
  '# mine\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPkAAAAAAAAAAAAAAAAAAAAAAAAA me@desk\n';

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
  await Promise.all([
    master.terminal?.waitFor('[pair]'),
    second.waitFor('[pair]'),
    seat.waitFor('view only'),
  ]);
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

  expectWithin(ms, 1000);
  expect(await scene.master.isAlive()).toBe(false);
  await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
  const restored = performance.now() - since;
  expect(await hostsSession(scene.live)).toBe(true);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  record({ id: 'F1', fault: 'tmuxpair is killed (SIGKILL)', guests: 'out', ms, file: 'as before' });
  console.log(`the file was as before ${Math.round(restored)} ms after the SIGKILL`);
});

test.runIf(isWhole())('F1: SIGKILL of its whole process group', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await twoGuests(stage);
  const inside = guestProcesses(stage);

  const since = performance.now();
  process.kill(-scene.live.supervisor.pid, 'SIGKILL');
  const ms = await allGone(inside, since);
  await expectRefused(scene);

  expectWithin(ms, 1000);
  await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  record({ id: 'F1', fault: 'its process group is killed', guests: 'out', ms, file: 'as before' });
});

/**
 * Kills the supervisor and what would act in its place, so that nothing can arm another. Gives the instant of the signal,
 * once it has worked, for which the kernel takes some milliseconds.
 */
async function killAtOnce(...processes: readonly (Process | undefined)[]): Promise<number> {
  for (const one of processes) if (one) signalProcess(one, 'SIGSTOP');
  const at = kill(...processes);
  const left = () => processes.some((one) => one && readProcess(one.pid)?.startTime === one.startTime);
  await until(() => !left(), { what: 'their end', interval: 1 });
  return at;
}

test.runIf(isWhole())(
  'F4: switch and supervisor killed together: nobody new at once, and the room ends the guests',
  async () => {
    await using stage = await makeStage({ keys: own });
    const before = stage.snapshot();
    const scene = await twoGuests(stage);
    const inside = guestProcesses(stage);

    const since = await killAtOnce(scene.live.supervisor, scene.live.deadMan());
    await expectRefused(scene);
    const ms = await allGone(inside, since);

    expectWithin(ms, 3000);
    await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
    expect(await hostsSession(scene.live)).toBe(true);
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
    record({
      id: 'F4',
      fault: 'tmuxpair and its switch are killed together',
      guests: 'out',
      ms,
      file: 'as before',
    });
  },
);

test('F4 I5: all that ends access killed together: nobody new at once; the next start takes everything back', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await twoGuests(stage);
  const inside = guestProcesses(stage);

  // A trial login beside it has a switch of its own, which would take back all that the dead one had.
  await until(() => leases(stage).length === 1, { what: 'the trial login to be over' });
  const clock = await scene.live.clock();
  await killAtOnce(scene.live.supervisor, scene.live.deadMan(), clock);
  await expectRefused(scene);
  expect(stage.keysFile()?.toString()).toContain(scene.live.id);

  const carol = await invited(stage, 'carol');
  const since = performance.now();
  const [ms, next] = await Promise.all([allGone(inside, since), goLive(stage, ['carol.pub'])]);
  expect(stage.keysFile()?.toString()).not.toContain(scene.live.id);
  const seat = await carol.join();
  await seat.waitFor('[pair]');
  await next.host.sendKeys('C-b', 'd');
  expect(await next.host.exitStatus()).toBe(0);
  const said = await next.host.transcript();
  expect(said).toContain(`took back what a pairing left behind (${scene.live.id})`);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  record({
    id: 'F4',
    fault: 'tmuxpair, its switch and its clock are killed together, then it is started again',
    guests: 'nobody new from the first instant; out, counted from the next start',
    ms,
    file: 'as before',
  });
});

test('F4: every process of the account killed: nobody new; sweep restores the file', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await twoGuests(stage);
  const inside = guestProcesses(stage);

  // What is started meanwhile, too: all of them stand still before the first is killed.
  for (let stopped = -1, all = stage.processes(); all.length !== stopped; all = stage.processes()) {
    for (const one of all) signalProcess(one, 'SIGSTOP');
    stopped = all.length;
  }
  const since = await killAtOnce(...stage.processes());
  const ms = await allGone(inside, since);
  await expectRefused(scene);
  expect(stage.keysFile()?.toString()).toContain(scene.live.id);

  const swept = await stage.run(['sweep']);
  expect(swept).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(scene.live.id) });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  record({
    id: 'F4',
    fault: 'every process of the account is killed, then `tmuxpair sweep`',
    guests: 'out; nobody new from the first instant',
    ms,
    file: 'as before',
  });
});

test.runIf(isWhole())('F1: a supervisor that died and was not waited for counts as dead', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  // A parent that never waits: its child stays a zombie.
  const [file = '', ...args] = [
    program().file,
    ...program().args,
    '--port',
    String(stage.sshd.port),
    'ada.pub',
  ];
  const careless =
    'my $pid = fork; if (!$pid) { exec @ARGV } open F, ">pid"; print F $pid; close F; sleep 1000';
  const host = await stage.terminal(['perl', '-e', careless, file, ...args]);
  const pid = await until(() => readText(`${stage.account.home}/pid`), { what: 'the program to start' });
  const live = await liveOf(stage, host, Number(pid));
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  const inside = guestProcesses(stage);

  const clock = await live.clock();
  await killAtOnce(live.supervisor, live.deadMan(), clock);
  await until(() => readText(`/proc/${pid}/stat`)?.includes(') Z '), { what: 'the zombie' });
  expect((await ada.run(['-tt'])).stdout).toContain('this pairing is over');

  const since = performance.now();
  expect((await stage.run(['sweep'])).exitCode).toBe(0);
  await allGone(inside, since);
  expect(stage.keysFile()?.toString()).toBe(own);
  expect(litter(stage)).toEqual([]);
});

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
