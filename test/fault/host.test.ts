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
  liveOf,
  remains,
} from '../support/live.ts';
import type { Master } from '../support/master.ts';
import { allProcesses, type Process, signalProcess } from '../support/processes.ts';
import { program } from '../support/program.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const own = '# mine\n';

interface Scene {
  readonly stage: Stage;
  readonly live: Live;
  readonly ada: Guest;
  readonly master: Master;
}

/** A pairing with one guest in, through a master, and what the host does in the room. */
async function oneGuest(stage: Stage): Promise<Scene> {
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  const master = await ada.master({ session: 'terminal' });
  await master.terminal?.waitFor('[pair]');
  await live.host.type('kept=$((6*7))\r');
  return { stage, live, ada, master };
}

async function hostsWorkIsKept({ live }: Scene): Promise<boolean> {
  await live.room('send-keys', '-t', '=pair:', 'clear; echo kept-$kept', 'Enter');
  const shown = async () => (await live.room('capture-pane', '-p', '-t', '=pair:')).stdout;
  return (await until(async () => /^kept-/m.exec(await shown()) && shown(), { what: 'the shell' })).includes(
    'kept-42',
  );
}

const clientOf = ({ supervisor }: Live): Process | undefined =>
  allProcesses().find(({ ppid, cmd }) => ppid === supervisor.pid && cmd.includes(' attach-session -t '));

/** What ends the host's part, and the exit code where one can be seen. */
const ways: readonly { name: string; end: (scene: Scene) => unknown; exit?: number }[] = [
  { name: "the host's terminal is closed", end: ({ live }) => live.host.closeTerminal() },
  { name: "the host's tmux client is killed", end: ({ live }) => kill(clientOf(live)), exit: 0 },
  { name: 'SIGTERM', end: ({ live }) => signalProcess(live.supervisor, 'SIGTERM'), exit: 143 },
  { name: 'SIGHUP', end: ({ live }) => signalProcess(live.supervisor, 'SIGHUP'), exit: 129 },
  { name: 'SIGINT', end: ({ live }) => signalProcess(live.supervisor, 'SIGINT'), exit: 130 },
  {
    name: 'SIGTERM twice, then SIGINT and SIGHUP, while it ends',
    end: ({ live }) => {
      for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)
        signalProcess(live.supervisor, signal);
    },
  },
];

test.each(rows(ways, 2))('F2 F3 I4 I11: $name', async ({ name, end, exit }) => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await oneGuest(stage);
  const inside = guestProcesses(stage);

  const since = performance.now();
  await end(scene);
  const ms = await allGone(inside, since);
  if (exit !== undefined) expect(await scene.live.host.exitStatus()).toBe(exit);
  await allGone([scene.live.supervisor], since);

  stage.expectUntouched(before);
  expect((await scene.master.channel(['-tt'])).exitCode).not.toBe(0);
  expect((await scene.ada.run(['-tt'])).stderr).toContain('Permission denied');
  expect(await hostsWorkIsKept(scene)).toBe(true);
  await expectNothingLeft(stage);
  record({
    id: exit === undefined || exit === 0 ? 'F3' : 'F2',
    fault: name,
    guests: 'out',
    ms,
    file: 'as before',
  });
});

test('F3: the tmux server is killed', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const { live, master } = await oneGuest(stage);
  const inside = guestProcesses(stage);

  const since = kill(live.server());
  const ms = await allGone(inside, since);
  expect(await live.host.exitStatus()).toBe(0);

  expect(await master.isAlive()).toBe(false);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  record({ id: 'F3', fault: 'the tmux server is killed', guests: 'out', ms, file: 'as before' });
});

test('F3: the tmux server hangs: the guests get out all the same, and the program ends', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const { live, master } = await oneGuest(stage);
  const inside = guestProcesses(stage);
  const server = live.server();

  if (server) signalProcess(server, 'SIGSTOP');
  const since = performance.now();
  signalProcess(live.supervisor, 'SIGTERM');
  const ms = await allGone(inside, since);
  expect(await live.host.exitStatus({ timeout: 45_000 })).toBe(143);

  expectWithin(ms, 2000);
  expect(await master.isAlive()).toBe(false);
  stage.expectUntouched(before);
  if (server) signalProcess(server, 'SIGCONT');
  expect((await live.room('has-session', '-t', '=pair')).exitCode).toBe(0);
  await expectNothingLeft(stage);
  record({ id: 'F3', fault: 'the tmux server hangs at the end', guests: 'out', ms, file: 'as before' });
});

test.runIf(isWhole())("F3: the host's own ssh is dropped", async () => {
  await using stage = await makeStage();
  const laptop = await stage.guest();
  await stage.writeKeys(`${laptop.identity.publicKey} me@laptop\n`);
  const before = stage.snapshot();
  const ada = await invited(stage, 'ada');
  const { file, args } = program();
  const run = `XDG_RUNTIME_DIR=${stage.account.env.XDG_RUNTIME_DIR}`;
  const host = await laptop.join({
    command: ['env', run, file, ...args, '--port', String(stage.sshd.port), 'ada.pub'],
  });
  const isIt = ({ cmd }: Process) => cmd.startsWith(file) && cmd.includes('--port');
  const { pid } = await until(() => stage.processes().find(isIt), { what: 'the program' });
  const live = await liveOf(stage, host, pid);
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  const inside = guestProcesses(stage).filter(({ cmd }) => cmd.includes(' attach-session -E '));

  const since = kill(allProcesses().find((one) => one.pid === host.pid));
  const ms = await allGone(inside, since);
  await allGone([live.supervisor], since);

  stage.expectUntouched(before);
  expect((await live.room('has-session', '-t', '=pair')).exitCode).toBe(0);
  await until(() => remains(stage).length === 0, { what: 'nothing to be left' });
  await expectNothingLeft(stage);
  record({ id: 'F3', fault: "the host's own ssh is dropped", guests: 'out', ms, file: 'as before' });
});

test.runIf(isWhole())(
  'I11: a session that the host has renamed is still there after the end, and can be reached',
  async () => {
    await using stage = await makeStage({ keys: own });
    const { live } = await oneGuest(stage);
    await live.room('rename-session', '-t', '=pair', 'mine');
    await live.host.sendKeys('C-b', 'd');
    expect(await live.host.exitStatus()).toBe(0);
    const said = await live.host.screen();
    const [, socket = ''] = /goes on: tmux -S (\S+) attach/.exec(said.replaceAll('\n', '')) ?? [];
    expect(socket).toBe(live.socket);
    expect((await live.room('list-sessions', '-F', '#{session_name}')).stdout).toBe('mine\n');
    await expectNothingLeft(stage);
  },
);

test('F9 I4: the lease is deleted by hand while a guest is in: they get out, the lines are taken back', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const scene = await oneGuest(stage);
  const { live } = scene;
  await live.host.waitFor('ada has joined');
  const inside = guestProcesses(stage);

  const since = performance.now();
  await stage.account.demand('rm', ['-r', live.folder]);
  const ms = await allGone(inside, since);
  await live.host.waitFor('the pairing was taken back: the guests are out, the session is yours');
  stage.expectUntouched(before);
  expect((await scene.ada.run(['-tt'])).exitCode).not.toBe(0);
  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);
  await expectNothingLeft(stage);
  record({
    id: 'F9',
    fault: "the lease's folder is deleted while it runs",
    guests: 'out',
    ms,
    file: 'as before',
  });
});

test('F4: the switch is killed again and again: another is armed, and works', async () => {
  await using stage = await makeStage({ keys: own });
  const { live } = await oneGuest(stage);
  const inside = guestProcesses(stage);
  for (let n = 0; n < 3; n++) {
    const one = await until(live.deadMan, { what: 'a switch' });
    await allGone([one], kill(one));
  }
  const last = await until(live.deadMan, { what: 'a switch' });
  await until(() => readFileSync(`/proc/${last.pid}/cmdline`, 'utf8').includes('switch'), {
    what: 'it to run',
  });

  const clock = await live.clock();
  const ms = await allGone(inside, kill(clock, live.supervisor));

  expectWithin(ms, 1000);
  await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
  await expectNothingLeft(stage);
  record({ id: 'F4', fault: 'its switch is killed, later tmuxpair', guests: 'out', ms, file: 'as before' });
});
