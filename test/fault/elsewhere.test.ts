/** The same faults where the supervisor is in the background, the session is the host's own, or the sshd is ours. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { record } from '../support/ledger.ts';
import { allGone, expectNothingLeft, guestProcesses, invited, kill, leases } from '../support/live.ts';
import { doorProcesses, forPrivateDoor, invite } from '../support/private-door.ts';
import { type Process, readProcess, signalProcess } from '../support/processes.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { rows } from '../support/whole.ts';

const own = '# mine\n';

/** Who supervises the one pairing that there is. */
async function supervisorOf(stage: Stage): Promise<Process> {
  const find = () => {
    const [folder = ''] = leases(stage);
    return readProcess(JSON.parse(readFileSync(`${folder}/record.json`, 'utf8')).supervisor.pid);
  };
  return until(find, { what: 'the supervisor' });
}

const ends = ['SIGKILL', 'SIGTERM'] as const;

test.each(rows(ends, 1))('F1 F2 I5: %s of a supervisor in the background', async (signal) => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const ada = await invited(stage, 'ada');
  const port = String(stage.sshd.port);
  const started = await stage.run(['--unattended', '--detach', '--port', port, 'ada.pub']);
  expect(started).toMatchObject({ exitCode: 0 });
  const supervisor = await supervisorOf(stage);
  const master = await ada.master({ session: 'terminal' });
  await master.terminal?.waitFor('[pair]');
  const inside = guestProcesses(stage);

  const since = performance.now();
  signalProcess(supervisor, signal);
  const ms = await allGone(inside, since);

  expectWithin(ms, 1000);
  expect((await ada.run(['-tt'])).exitCode).not.toBe(0);
  expect((await master.channel(['-tt'])).exitCode).not.toBe(0);
  await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  const row = { guests: 'out', ms, file: 'as before' };
  record({
    id: signal === 'SIGKILL' ? 'F1' : 'F2',
    fault: `${signal} of a supervisor in the background`,
    ...row,
  });
});

test.each(rows(ends, 1))(
  'F1 F2 I5 I11: %s of a supervisor, in a session that the host shares',
  async (signal) => {
    await using stage = await makeStage({ keys: own });
    const before = stage.snapshot();
    const ada = await invited(stage, 'ada');
    const host = await stage.terminal(['tmux', 'new-session', '-s', 'mine']);
    await host.waitFor('[mine]');
    const tmux = (...command: string[]) => stage.account.demand('tmux', command);
    const options = () => tmux('show-options', '-t', '=mine:');
    const untouched = await options();
    const port = String(stage.sshd.port);
    const started = await stage.run(['--share', 'mine', '--yes', '--detach', '--port', port, 'ada.pub']);
    expect(started).toMatchObject({ exitCode: 0 });
    const supervisor = await supervisorOf(stage);
    const seat = await ada.join();
    await seat.waitFor('[mine]');
    expect(await options()).not.toBe(untouched);
    const inside = guestProcesses(stage).filter(({ cmd }) => !cmd.startsWith('tmux '));

    const since = performance.now();
    signalProcess(supervisor, signal);
    const ms = await allGone(inside, since);

    expectWithin(ms, 1000);
    await until(() => leases(stage).length === 0, { what: 'the lease to go' });
    stage.expectUntouched(before);
    // Shows what is left, where something is.
    await until(async () => (await options()) === untouched, { what: 'the options' }).catch(() => {});
    expect(await options()).toBe(untouched);
    // The program's own control client stays for a second.
    await until(async () => (await tmux('list-clients', '-F', '#{session_name}')) === 'mine\n', {
      what: 'nobody but the host in the session',
    });
    const row = { guests: 'out', ms, file: 'as before' };
    record({
      id: signal === 'SIGKILL' ? 'F1' : 'F2',
      fault: `${signal}, in a session of the host's own`,
      ...row,
    });
  },
);

test('F1 G4 G5 I5: SIGKILL of the supervisor, and guests come through an sshd of its own', async () => {
  await using stage = await makeStage({ ...forPrivateDoor, keys: own });
  const before = stage.snapshot();
  const ada = await invited(stage, 'ada');
  const { host, destination } = await invite(stage, ['--door', 'private', 'ada.pub']);
  const there = ada.as({ destination });
  const busy = await there.master({ session: 'terminal' });
  await busy.terminal?.waitFor('[pair]');
  const silent = await there.master();
  const inside = [...guestProcesses(stage), ...doorProcesses(stage)];

  const since = kill(readProcess(host.pid));
  const ms = await allGone(inside, since);

  expectWithin(ms, 1000);
  for (const master of [busy, silent]) expect((await master.channel(['-tt'])).exitCode).toBe(255);
  expect((await there.run(['-tt'])).exitCode).toBe(255);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  record({
    id: 'F1',
    fault: 'tmuxpair is killed, guests came through an sshd of its own (one by ssh -N)',
    guests: 'out',
    ms,
    file: 'untouched',
  });
});
