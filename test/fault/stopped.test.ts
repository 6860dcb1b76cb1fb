import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { record } from '../support/ledger.ts';
import {
  allGone,
  expectNothingLeft,
  goLive,
  guestProcesses,
  invited,
  type Live,
  liveOf,
} from '../support/live.ts';
import { allProcesses, signalProcess } from '../support/processes.ts';
import { program } from '../support/program.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

/** `performance.now()` of the deadline. */
function deadlineOf({ folder }: Live): number {
  const [epoch = ''] = readFileSync(`${folder}/deadline`, 'latin1').split(' ');
  return performance.now() + Number(epoch) * 1000 - Date.now();
}

test('F3 I6: the supervisor is stopped past the deadline: guests out, nobody new, the lines gone', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  const before = stage.snapshot();
  const [ada, bob] = await Promise.all([invited(stage, 'ada'), invited(stage, 'bob')]);
  // Below a shell: tmux, in which the tests' terminals are, continues a program of its own that was stopped.
  const { file, args } = program();
  const paired = [file, ...args, '--port', String(stage.sshd.port), 'ada.pub', 'bob.pub', '--ttl', '10s'];
  const host = await stage.terminal(['sh', '-c', '"$@"; exit $?', 'sh', ...paired]);
  const child = await until(() => allProcesses().find(({ ppid }) => ppid === host.pid), {
    what: 'the start',
  });
  const live = await liveOf(stage, host, child.pid);
  const deadline = deadlineOf(live);
  const master = await ada.master({ session: 'terminal' });
  await master.terminal?.waitFor('[pair]');
  const inside = guestProcesses(stage);

  signalProcess(live.supervisor, 'SIGSTOP');
  expect(deadline - performance.now(), 'time to the deadline').toBeGreaterThan(0);
  const silent = await stage.run(['list']);
  expect(silent.stderr).toContain(`${live.id} does not answer`);
  await until(() => performance.now() > deadline, { what: 'the deadline' });
  const late = await bob.run(['-tt']);
  expect(late.exitCode).not.toBe(0);
  expect(late.stdout + late.stderr).toMatch(/^tmuxpair: (time is up|this pairing is over)|Permission denied/);
  const ms = await allGone(inside, deadline);

  expect((await master.channel(['-tt'])).exitCode).not.toBe(0);
  await until(() => stage.keysFile()?.toString() === '# mine\n', { what: 'the file to be as before' });
  expect((await live.room('has-session', '-t', '=pair')).exitCode).toBe(0);
  expect(ms).toBeLessThan(10_000);

  signalProcess(live.supervisor, 'SIGCONT');
  await live.host.waitFor('time is up: the guests are out, the session is yours');
  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  record({
    id: 'F3',
    fault: 'tmuxpair is stopped (SIGSTOP) when time is up',
    guests: 'out, counted from the deadline',
    ms,
    file: 'as before',
  });
});

test.runIf(isWhole())('I6: time is up on time although a guest knocks without a pause', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub', '--ttl', '5s']);
  const deadline = deadlineOf(live);
  await using seat = await ada.join();
  await seat.waitFor('[pair]');
  const inside = guestProcesses(stage);
  // What a thousand refused channels a second leave: each registers before it is refused.
  const knock = `while cd ${live.folder}/in; do : >ssh,x,1,1,1,1,x; rm ssh,x,1,1,1,1,x; done 2>/dev/null`;
  const flood = stage.account.spawn('sh', ['-c', knock]);

  await until(() => performance.now() > deadline, { what: 'the deadline' });
  const ms = await allGone(inside, deadline);

  expectWithin(ms, 900);
  flood.kill('SIGKILL');
  await live.host.waitFor('time is up: the guests are out');
  console.log(`out ${Math.round(ms)} ms after the deadline`);
});
