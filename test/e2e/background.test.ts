import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { listed, theOne } from '../support/listed.ts';
import { expectNothingLeft, invited, leases } from '../support/live.ts';
import { programFolder } from '../support/own-tmux.ts';
import { leaseLines } from '../support/pairing.ts';
import { readProcess, signalProcess } from '../support/processes.ts';
import { program } from '../support/program.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const own = '# mine\n';

function options({ sshd }: Stage, ...args: string[]): string[] {
  return ['--port', String(sshd.port), ...args];
}

/** What a program prints that prints JSON, a value a line. */
function values(stdout: string) {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('--unattended --join-timeout --json: nobody joins: over then, exit 0, said in JSON', async () => {
  await using stage = await makeStage({ keys: own });
  await invited(stage, 'ada');
  const before = stage.snapshot();
  const started = performance.now();
  const args = ['--unattended', '--ttl', '60s', '--join-timeout', '4s', '--json', 'ada.pub'];
  const { stdout, stderr, exitCode } = await stage.run(options(stage, ...args));
  const seconds = (performance.now() - started) / 1000;
  const [entry, end, ...more] = values(stdout);
  expect(entry).toMatchObject({
    status: 'live',
    session: 'pair',
    guests: [{ label: 'ada', connections: [] }],
  });
  expect(Date.parse(entry.deadline) - Date.parse(entry.startedAt)).toBeGreaterThanOrEqual(60_000);
  expect(end).toEqual({ ended: { reason: 'nobody-joined', visits: [] } });
  expect({ more, stderr, exitCode }).toEqual({ more: [], stderr: '', exitCode: 0 });
  console.log(`nobody joined: over after ${seconds.toFixed(1)} s`);
  expect(seconds).toBeGreaterThan(4);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test.runIf(isWhole())(
  '--unattended: somebody joins: over when time is up, with nobody there; said in JSON',
  async () => {
    await using stage = await makeStage({ keys: own });
    const ada = await invited(stage, 'ada');
    const before = stage.snapshot();
    const args = ['--unattended', '--ttl', '12s', '--join-timeout', '6s', '--json', 'ada.pub'];
    const started = performance.now();
    const running = stage.run(options(stage, ...args), { timeout: 60_000 });
    await until(() => leaseLines(stage).length === 1, { what: 'the line' });
    const seat = await ada.join();
    await seat.waitFor('[pair]');
    await seat.type('echo $((20+1))-alone\r');
    await seat.waitFor('21-alone');
    const { stdout, exitCode } = await running;
    const seconds = (performance.now() - started) / 1000;
    const [entry, end] = values(stdout);
    expect(end.ended).toMatchObject({
      reason: 'time-up',
      visits: [{ label: 'ada', address: '127.0.0.1', fingerprint: entry.guests[0].keys[0].fingerprint }],
    });
    expect(exitCode).toBe(0);
    console.log(`somebody joined: over after ${seconds.toFixed(1)} s`);
    expect(seconds).toBeGreaterThan(11);
    await seat.exitStatus();
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
  },
);

test('--detach: returns at once with the pairing; guests are in only while a host is', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const before = stage.snapshot();
  const { stdout, stderr, exitCode } = await stage.run(options(stage, '--detach', '--json', 'ada.pub'));
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  const [entry, ...more] = values(stdout);
  expect(more).toEqual([]);
  expect((await theOne(stage)).id).toBe(entry.id);
  expect(readProcess(entry.supervisorPid)?.ppid).toBe(1);
  const early = await ada.join();
  expect(await early.exitStatus()).not.toBe(0);
  expect(await early.transcript()).toContain('your host is not there yet');

  const host = await stage.terminal(['tmux', '-S', entry.socket, 'attach']);
  await host.waitFor('your guest types: ssh');
  const [seat, other] = [await ada.join(), await stage.terminal(['tmux', '-S', entry.socket, 'attach'])];
  await seat.waitFor('[pair]');
  await other.waitFor('[pair]');
  await host.sendKeys('C-b', 'd');
  await host.exitStatus();
  await seat.type('echo $((20+1))-one-host-is-left\r');
  await other.waitFor('21-one-host-is-left');
  const detached = performance.now();
  await other.sendKeys('C-b', 'd');
  await seat.exitStatus();
  const out = performance.now() - detached;
  console.log(`out ${Math.round(out)} ms after the last host detached`);
  expectWithin(out, 1000);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test.runIf(isWhole())(
  '--detach: what it says, and a failure, come back whole; nobody waits for its outputs',
  async () => {
    await using stage = await makeStage({ keys: own });
    const ada = await invited(stage, 'ada');
    const before = stage.snapshot();
    const folder = await programFolder(stage);
    const words = [`PATH=${folder}:$PATH`, 'tmuxpair', ...options(stage, '--detach', 'ada.pub')];

    // Both outputs until their end, as `ssh host tmuxpair --detach` waits for them.
    const { stdout, exitCode } = await stage.account.exec('sh', ['-c', words.join(' ')], { timeout: 45_000 });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ada \(file:.*\) may join, and type$/m);
    expect(stdout).toMatch(/^guests are in only while you are: tmux -S \S+ attach -t pair$/m);
    expect(stdout).not.toContain('\0');
    const refused = await stage.run(options(stage, '--detach', '-s', 'x', 'ada.pub'));
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toMatch(
      /^tmuxpair: error: \S+:1: the key SHA256:\S+ of \S+ is in another pairing of yours/,
    );
    expect((await listed(stage)).length).toBe(1);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });

    // A reader who is gone.
    await stage.account.demand('bash', ['-c', `${words.join(' ')} | true`]);
    await until(async () => (await listed(stage)).length === 1, { what: 'the pairing' });
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });

    // Over a real ssh, which has the host's own key.
    await stage.writeKeys(`${ada.identity.publicKey} me\n${own}`);
    const remote = options(stage, '--gate-existing-keys', '--detach', 'bob.pub');
    await invited(stage, 'bob');
    const over = await ada.run([], [`PATH=${folder}:$PATH tmuxpair ${remote.join(' ')}`], {
      timeout: 45_000,
    });
    expect(over).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('bob') });
    expect((await listed(stage)).length).toBe(1);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    await stage.writeKeys(own);
    stage.expectUntouched(before);
  },
);

test.each(
  rows(
    [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ],
    1,
  ),
)('--detach: %s while it starts: nothing is left, and the exit code says so', async (signal, code) => {
  await using stage = await makeStage({ keys: own });
  await invited(stage, 'ada');
  const before = stage.snapshot();
  const [file = '', ...args] = [program().file, ...program().args, ...options(stage, '--detach', 'ada.pub')];
  const child = stage.account.spawn(file, args);
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (exit, by) => resolve(by ? null : exit)),
  );
  await until(() => leases(stage).length > 0, { what: 'the lease', interval: 1 });
  child.kill(signal);
  expect([code, 0]).toContain(await ended);
  // Where it was live already, the signal came too late.
  if ((await ended) === 0) expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test('--detach: killed while it starts: no pairing that nobody knows of', async () => {
  await using stage = await makeStage({ keys: own });
  await invited(stage, 'ada');
  const before = stage.snapshot();
  const [file = '', ...args] = [program().file, ...program().args, ...options(stage, '--detach', 'ada.pub')];
  const child = stage.account.spawn(file, args);
  const supervisor = () => stage.processes().find(({ cmd }) => cmd.endsWith(' supervise'));
  const started = await until(supervisor, { what: 'the supervisor', interval: 1 });
  child.kill('SIGKILL');
  await until(() => readProcess(started.pid) === undefined, { what: 'its end', timeout: 45_000 });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test.runIf(isWhole())('--detach: the session ends; the supervisor is told to stop, or killed', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const before = stage.snapshot();
  for (const how of ['exit', 'SIGTERM', 'SIGKILL'] as const) {
    const { stdout } = await stage.run(options(stage, '--detach', '--unattended', '--json', 'ada.pub'));
    const [entry] = values(stdout);
    const seat = await ada.join();
    await seat.waitFor('[pair]');
    const supervisor = readProcess(entry.supervisorPid);
    if (how === 'exit') await seat.type('exit\r');
    else if (supervisor) signalProcess(supervisor, how);
    await seat.exitStatus();
    await until(() => readProcess(entry.supervisorPid) === undefined, { what: 'its end' });
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
    expect(await stage.run(['list'])).toMatchObject({ stdout: 'nothing is live\n', stderr: '' });
    await stage.account.exec('tmux', ['-N', '-S', entry.socket, 'kill-server']);
  }
});

test('a supervisor that was stopped: nothing hangs, and stop takes everything back without it', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const before = stage.snapshot();
  const { stdout } = await stage.run(options(stage, '--detach', '--unattended', '--json', 'ada.pub'));
  const [entry] = values(stdout);
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  const supervisor = readProcess(entry.supervisorPid);
  if (!supervisor) throw new Error('no supervisor');
  signalProcess(supervisor, 'SIGSTOP');

  const started = performance.now();
  expect(await stage.run(['list'])).toMatchObject({
    exitCode: 0,
    stdout: '',
    stderr: expect.stringContaining(`warning: ${entry.id} does not answer`),
  });
  expectWithin(performance.now() - started, 10_000);
  const kicked = await stage.run(['kick', 'ada']);
  expect(kicked).toMatchObject({ exitCode: 8, stdout: '' });
  expect(kicked.stderr).toContain(`${entry.id} does not answer`);
  expect(kicked.stderr).toContain(`tmuxpair stop --id ${entry.id}`);
  const other = await stage.run(['stop', '--id', 'zzz']);
  expect(other).toMatchObject({ exitCode: 8, stderr: expect.stringContaining('there is no pairing') });
  expect(await seat.isRunning()).toBe(true);

  expect(await stage.run(['stop'])).toMatchObject({
    exitCode: 0,
    stdout: `${entry.id} is over: access is revoked\n`,
    stderr: '',
  });
  await seat.exitStatus();
  stage.expectUntouched(before);
  signalProcess(supervisor, 'SIGCONT');
  await until(() => readProcess(supervisor.pid) === undefined, { what: 'its end' });
  await expectNothingLeft(stage);
});

test('an end that fails is told in the session, in the log, and by the next list, and holds up no other pairing', async () => {
  await using stage = await makeStage({ keys: own });
  await Promise.all([invited(stage, 'ada'), invited(stage, 'bob')]);
  const before = stage.snapshot();
  const { stdout } = await stage.run(options(stage, '--detach', '--json', 'ada.pub'));
  const [entry] = values(stdout);
  const host = await stage.terminal(['tmux', '-S', entry.socket, 'attach']);
  await host.waitFor('your guest types: ssh');
  const other = options(stage, '--detach', '--authorized-keys', 'other/keys', '-s', 'other', 'bob.pub');
  await stage.account.demand('mkdir', ['-m', '700', 'other']);
  expect(await stage.run(other)).toMatchObject({ exitCode: 0 });

  const folder = `${stage.account.home}/.ssh`;
  await stage.account.demand('chmod', ['500', folder]);
  const stopped = await stage.run(['stop', '--id', entry.id]);
  expect(stopped).toMatchObject({ exitCode: 7, stdout: '' });
  expect(stopped.stderr).toContain(`${folder}/authorized_keys could not be restored`);
  await host.waitFor('stopped: the guests are out, but not all could be taken back; tmuxpair list says why');
  await until(() => readProcess(entry.supervisorPid) === undefined, { what: 'its end' });
  const told = await until(() => stage.run(['log', '--id', entry.id]), { what: 'the log' });
  expect(told.stdout).toContain('ended: stopped, revocation-failed');

  const list = await stage.run(['list']);
  expect(list).toMatchObject({ exitCode: 7, stdout: expect.stringContaining('session other') });
  expect(list.stderr).toContain(`${folder}/authorized_keys could not be restored`);
  const kicked = await stage.run(['kick', 'bob']);
  expect(kicked).toMatchObject({ exitCode: 0, stdout: 'bob is out\n' });
  expect(kicked.stderr).toContain('warning: of a pairing that has died');

  // The clock in the room and the switch sweep, too: a list that comes after them has nothing to tell.
  const ours = new RegExp(`/${entry.id}/(clock|switch|sever)$|sweep --lease`);
  const sweepers = () => stage.processes().filter(({ cmd }) => ours.test(cmd));
  // Looked at twice: who is just becoming another program has no words.
  const haveEnded = async () => {
    if (sweepers().length > 0) return false;
    await sleep(300);
    return sweepers().length === 0;
  };
  await until(haveEnded, { what: 'them to have given up' });
  await stage.account.demand('chmod', ['700', folder]);
  expect(await stage.run(['list'])).toMatchObject({
    exitCode: 0,
    stderr: `tmuxpair: took back what a pairing left behind (${entry.id})\n`,
  });
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  stage.expectUntouched(before);
  await stage.account.exec('tmux', ['-N', '-S', entry.socket, 'kill-server']);
});

test.runIf(isWhole())('a key file may have any name', async () => {
  await using stage = await makeStage();
  const ada = await stage.guest();
  const name = 'a\x1b[2J\t\u202e#(touch bad).pub';
  await stage.writeFile(name, `${ada.identity.publicKey}\n`, 0o644);
  const { stdout, stderr, exitCode } = await stage.run(
    options(stage, '--detach', '--unattended', `./${name}`),
  );
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toContain('a\\x1b[2J\\x09\\u{202e}#(touch bad).pub) may join');
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  for (const command of ['list', 'info', 'log'])
    expect((await stage.run([command])).stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
  const host = await stage.terminal(['tmux', '-S', (await theOne(stage)).socket, 'attach']);
  await host.waitFor('[pair]');
  await host.sendKeys('C-b', 'P');
  await host.waitFor('extend by');
  await host.sendKeys('1');
  expect(await host.waitFor('put out')).toContain('a\\x1b[2J\\x09\\u{202e}#(touch bad).pub');
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  expect((await stage.account.demand('ls', ['-A'])).split('\n')).not.toContain('bad');
});

test('a control socket is for its owner alone', async () => {
  await using stage = await makeStage();
  await invited(stage, 'ada');
  const { stdout } = await stage.run(options(stage, '--detach', '--json', 'ada.pub'));
  const [folder = ''] = leases(stage);
  expect(values(stdout)[0].id).toBe(folder.split('/').at(-1));
  const modes = await stage.account.demand('stat', ['-c', '%a', folder, `${folder}/control`]);
  expect(modes).toBe('700\n600\n');
  const socket = connect(`${folder}/control`);
  socket.on('error', () => {});
  socket.end('{"v":1,"op":"stop"}\n');
  await until(() => leases(stage).length === 0, { what: 'the end' });
});
