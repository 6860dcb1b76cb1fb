import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { leaseFolders } from '../support/pairing.ts';
import { doorProcesses, forPrivateDoor, invite } from '../support/private-door.ts';
import { program } from '../support/program.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

const privately = ['--door', 'private'];
/** So that a guest may stay without coming to the gate. */
const idly = [...privately, '--forward', '9'];

function keyOf(stage: Stage, guest: Guest): Promise<string> {
  return stage.writeFile('guest.pub', `${guest.identity.publicKey}\n`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

test('a machine without an sshd: the printed line gets in, and nothing is left of it afterwards', async () => {
  await using stage = await makeStage({ ...forPrivateDoor, account: { devpts: 'good', ssh: false } });
  await stage.sshd.stop();
  const before = stage.snapshot();
  const guest = await stage.guest();
  const port = String(stage.sshd.port);
  const { host, line, destination } = await invite(stage, ['--port', port, await keyOf(stage, guest)]);
  expect(line).toBe(`ssh -p ${port} ${stage.account.name}@127.0.0.1`);

  const seat = await guest.paste(line);
  await host.type('echo host-$((20+1))\r');
  await seat.waitFor('host-21');
  await seat.type('echo guest-$((20+2))\r');
  await host.waitFor('guest-22');
  await using idle = await guest.as({ destination }).master();
  expect(doorProcesses(stage).length).toBeGreaterThanOrEqual(4);
  stage.expectUntouched(before);

  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  expect(doorProcesses(stage)).toEqual([]);
  expect(await listens(destination.port)).toBe(false);
  expect(await seat.exitStatus()).not.toBe(0);
  await until(async () => !(await idle.isAlive()), { what: "the guest's idle connection to end" });
  expect(await host.transcript()).toMatch(
    /no sshd answers on port \d+: guests come through an sshd of this pairing's own, port \d+/,
  );
  stage.expectUntouched(before);
});

test('killed: its connections end with it, those too that never ran the gate or whose monitor is gone', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const { host, destination } = await invite(stage, [...idly, await keyOf(stage, guest)]);
  const there = guest.as({ destination });
  const seat = await there.join();
  await seat.waitFor('[pair]');
  await using idle = await there.master();
  await using orphan = await there.master();
  await until(() => doorProcesses(stage).length === 6, { what: 'two processes a connection' });
  const monitors = doorProcesses(stage).filter(({ cmd }) => / \[(priv|postauth)\]$/.test(cmd));
  expect(monitors).toHaveLength(3);

  const [last] = monitors.sort((a, b) => b.startTime - a.startTime);
  // In one go, so that the supervisor can't clear up behind the monitor itself.
  await stage.account.demand('kill', ['-KILL', String(last?.pid), String(host.pid)]);
  await until(() => doorProcesses(stage).length === 0, { what: 'the end of all connections', timeout: 1000 });
  expect(await listens(destination.port)).toBe(false);
  for (const master of [idle, orphan])
    await until(async () => !(await master.isAlive()), { what: 'the end of a master' });
  await seat.exitStatus();
});

test('everything of the program killed at once: nobody new gets in, and a sweep ends who is left', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const { host, destination } = await invite(stage, [...idly, await keyOf(stage, guest)]);
  const there = guest.as({ destination });
  await using idle = await there.master();
  const dead = await until(
    () => {
      const armed = stage.processes().filter(({ cmd }) => /^\/bin\/sh .*\/(switch|clock)$/.test(cmd));
      return armed.length >= 2 && armed;
    },
    { what: 'the switch and the clock' },
  );
  await stage.account.demand('kill', ['-KILL', ...[...dead.map(({ pid }) => pid), host.pid].map(String)]);

  expect(await there.run([], [])).toMatchObject({
    exitCode: 255,
    stderr: expect.stringMatching(/refused|reset|closed/),
  });
  // Refused by the gate; or all of it has been ended, by what the switch had forked at that instant.
  const { exitCode } = await idle.channel(['-tt']);
  expect([1, 255]).toContain(exitCode);
  if (exitCode === 1) expect(doorProcesses(stage).length).toBeGreaterThan(0);
  expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0 });
  expect(doorProcesses(stage)).toEqual([]);
  expect(await idle.isAlive()).toBe(false);
});

test.runIf(isWhole())('time up, and the host still in: the door is shut', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const { host, destination } = await invite(stage, [...idly, '--ttl', '4s', await keyOf(stage, guest)]);
  await using idle = await guest.as({ destination }).master();
  await host.waitFor('time is up');
  expect(await listens(destination.port)).toBe(false);
  expect(doorProcesses(stage)).toEqual([]);
  await until(async () => !(await idle.isAlive()), { what: 'the end of a master' });
  expect(await host.isRunning()).toBe(true);
});

test('one guest invited later, and one kicked: their idle connections go, and those of others stay', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const [eve, bea] = await Promise.all([stage.guest(), stage.guest()]);
  const [key, later] = await Promise.all(
    Object.entries({ eve, bea }).map(([name, guest]) =>
      stage.writeFile(`${name}.pub`, `${guest.identity.publicKey}\n`),
    ),
  );
  const { destination } = await invite(stage, [...idly, key ?? '']);
  await using hers = await eve.as({ destination }).master();
  expect(await stage.run(['invite', later ?? ''])).toMatchObject({ exitCode: 0 });
  await using other = await bea.as({ destination }).master();
  expect(await stage.run(['kick', 'eve'])).toMatchObject({ exitCode: 0 });
  await until(async () => !(await hers.isAlive()), { what: "the end of eve's connection" });
  const seat = await other.join();
  await seat.waitFor('[pair]');
  expect((await eve.as({ destination }).run(['-tt'])).stderr).toContain('Permission denied');
});

test('the lease deleted by hand: connections end all the same, and the door is shut', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const { host, destination } = await invite(stage, [...idly, await keyOf(stage, guest)]);
  await using idle = await guest.as({ destination }).master();
  // File by file, and the supervisor, which has seen them, looks in between: it takes what is refused away.
  const [folder = ''] = leaseFolders(stage);
  for (const first of [':', `rm ${folder}/in/*`]) {
    await stage.account.demand('sh', ['-c', `${first}; touch ${folder}/refused/x`]);
    await until(() => !existsSync(`${folder}/refused/x`), { what: 'a look' });
  }
  await stage.account.demand('rm', ['-r', folder]);
  await until(() => doorProcesses(stage).length === 0, { what: 'the end of all connections' });
  await until(async () => !(await idle.isAlive()), { what: 'the end of a master' });
  expect(await listens(destination.port)).toBe(false);
  expect(await host.isRunning()).toBe(true);
});

test('--detach: the door is a supervisor’s in the background, and stop shuts it', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const args = ['--detach', '--json', '--host', '127.0.0.1', ...privately, await keyOf(stage, guest)];
  const { exitCode, stdout } = await stage.run(args);
  expect(exitCode).toBe(0);
  const entry: { door: string; sshCommand: string; socket: string } = JSON.parse(stdout);
  expect(entry.door).toBe('private');
  const host = await stage.terminal(['tmux', '-S', entry.socket, 'attach']);
  await host.waitFor('[pair]');
  const seat = await guest.paste(entry.sshCommand);
  await seat.waitFor('[pair]');
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  expect(doorProcesses(stage)).toEqual([]);
  await seat.exitStatus();
});

test.runIf(isWhole())(
  'two first starts at once make one host key, which stays from one pairing to the next',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    const guest = await stage.guest();
    const key = await keyOf(stage, guest);
    const both = await Promise.all(
      ['one', 'two'].map((name) => invite(stage, [...privately, '-s', name, key])),
    );
    const known = async ({ destination }: (typeof both)[number]) => {
      const there = guest.as({ destination });
      await there.join().then((seat) => seat.waitFor(/\[(one|two)\]/));
      return stage.account.demand('ssh-keyscan', ['-p', String(destination.port), '127.0.0.1']);
    };
    const [first = '', second = ''] = await Promise.all(both.map(known));
    const keyIn = (scanned: string) => / (ssh-\S+ \S+)$/m.exec(scanned)?.[1];
    expect(keyIn(first)).toMatch(/^ssh-ed25519 AAAA/);
    expect(keyIn(second)).toBe(keyIn(first));
    expect(new Set(both.map(({ destination }) => destination.port)).size).toBe(2);
    const folder = `${stage.account.home}/.local/state/tmuxpair/door`;
    expect(await stage.account.demand('find', [folder, '-printf', '%P %m\n'])).toBe(
      ' 700\nhost_ed25519 600\n',
    );
  },
);

test.runIf(isWhole())(
  'no folder for a host key: that is told, and an sshd that answers needs none',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    const key = await keyOf(stage, await stage.guest());
    const env = { XDG_STATE_HOME: '/dev/null' };
    const start = ['--unattended', '-d', '--ttl', '1m'];
    const { exitCode, stderr } = await stage.run([...start, ...privately, key], { env });
    expect(stderr).toMatch(
      /error: \S+ can't be the host key of a private sshd: mkdir failed with ENOTDIR\n.*XDG_STATE_HOME/,
    );
    expect(exitCode).toBe(6);
    const port = String(stage.sshd.port);
    expect(await stage.run([...start, '--port', port, key], { env })).toMatchObject({ exitCode: 0 });
  },
);

test('--bind: the line names the one address that is listened on', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const start = ['--unattended', '-d', '--json', await keyOf(stage, await stage.guest())];
  const { stdout } = await stage.run([...start, '--bind', '127.0.0.1']);
  expect(JSON.parse(stdout).sshCommand).toMatch(/@127\.0\.0\.1$/);
});

test.runIf(isWhole())(
  'an sshd that answers, and that reads the file, is what guests come through',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    const guest = await stage.guest();
    const port = String(stage.sshd.port);
    const { host, line, destination } = await invite(stage, ['--port', port, await keyOf(stage, guest)]);
    expect(destination.port).toBe(stage.sshd.port);
    expect(stage.keysFile()?.toString()).toContain('tmuxpair:');
    const seat = await guest.paste(line);
    await seat.waitFor('[pair]');
    expect(stage.sshd.connections()).toHaveLength(1);
    await host.sendKeys('C-b', 'd');
    await host.exitStatus();
    expect(await host.transcript()).toContain(`guests come through this machine's sshd, port ${port}`);
  },
);

test.runIf(isWhole())(
  '--copy: the line goes to the clipboard, by the terminal or by the tmux that the host is in',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    const guest = await stage.guest();
    const args = [...privately, '--copy', await keyOf(stage, guest)];
    const { file, args: before } = program();
    const recorded = `${[file, ...before, '--host', '127.0.0.1', ...args].join(' ')}`;
    const host = await stage.terminal(['script', '-qfc', recorded, 'typescript'], { columns: 200 });
    const [, line = ''] =
      /your guest types: (ssh .*)$/m.exec(await host.waitFor(/your guest types: ssh /)) ?? [];
    const written = await stage.account.demand('cat', ['typescript']);
    const [, copied = ''] = /\x1b\]52;c;([^\x07]*)\x07/.exec(written) ?? [];
    expect(Buffer.from(copied, 'base64').toString()).toBe(line);

    const socket = `${stage.account.scratch}/outer`;
    const outer = (...words: string[]) =>
      stage.account.demand('tmux', ['-S', socket, '-f', '/dev/null', ...words]);
    await outer('new-session', '-d', '-x', '200', '-y', '30');
    const TMUX = await outer('display-message', '-p', '#{socket_path},#{pid},0');
    const { line: other } = await invite(stage, ['-s', 'other', ...args], { env: { TMUX: TMUX.trim() } });
    expect(await outer('show-buffer')).toBe(other);
  },
);
