import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { isProcHidden } from '../support/hidden-proc.ts';
import { allProcesses } from '../support/processes.ts';
import { isRoot, testRun } from '../support/run.ts';
import { accounts } from '../support/throw-away.ts';
import { until } from '../support/wait.ts';

/** A room shared by hand: what the program does, without its safety. */
async function openRoom(stage: Stage) {
  const socket = `${stage.account.scratch}/room`;
  const host = await stage.terminal(['tmux', '-S', socket, 'new-session', '-s', 'pair', 'sh']);
  await host.waitFor('[pair]');
  // A login by key sets no LANG here: without -u the guest would get `_` for what is not ASCII.
  const attach = `exec tmux -u -N -S ${socket} attach -E -f ignore-size -t =pair`;
  const lineFor = (guest: Guest) => `restrict,pty,command="${attach}" ${guest.identity.publicKey}\n`;
  return { host, lineFor };
}

test('a guest sees what the host types, and types', async () => {
  await using stage = await makeStage();
  const { host, lineFor } = await openRoom(stage);
  const guest = await stage.guest();
  await stage.writeKeys(lineFor(guest));

  const seat = await guest.join({ columns: 80, rows: 24 });
  await host.type('echo host-$((20+1))-é;\r');
  await seat.waitFor('host-21-é');
  await seat.type('echo guest-$((20+2))\r');
  await host.waitFor(/^guest-22$/m);

  expect(await host.size()).toEqual({ columns: 100, rows: 30 });
  await host.resize(90, 20);
  expect(await host.size()).toEqual({ columns: 90, rows: 20 });
  await expect(host.waitFor('never typed', { timeout: 50 })).rejects.toThrow(
    /"never typed" on the screen[\s\S]*guest-22/,
  );

  expect(stage.sshd.log()).toContain(guest.identity.fingerprint);
  expect(stage.sshd.connections()).toHaveLength(1);
  await seat.closeTerminal();
  await until(() => stage.sshd.connections().length === 0, { what: 'the connection to end' });

  await host.type('exit\r');
  expect(await host.exitStatus()).toBe(0);
  expect(await host.isRunning()).toBe(false);
});

test('a guest whose key is not in the file is refused, and so is every other way in', async () => {
  await using stage = await makeStage({ keys: '# nobody\n' });
  const { lineFor } = await openRoom(stage);
  const [guest, stranger] = await Promise.all([stage.guest(), stage.guest({ type: 'ecdsa-256' })]);
  await stage.writeKeys(lineFor(guest));

  const refused = await stranger.run([], ['id']);
  expect(refused).toMatchObject({ exitCode: 255, stderr: expect.stringContaining('Permission denied') });

  const forced = await guest.run([], ['id']);
  expect(forced.exitCode).not.toBe(0);
  expect(forced.stdout).not.toContain('uid=');
  const target = `${stage.account.home}/copied`;
  for (const protocol of ['-O', '-s']) await guest.scp([protocol, '/etc/hostname', guest.remote(target)]);
  await guest.sftp(`put /etc/hostname ${target}`);
  expect(existsSync(target)).toBe(false);
  // The tools do work where the key may do more: a refusal above is not a mistake in how they are called.
  await stage.writeKeys(`${guest.identity.publicKey}\n`);
  expect((await guest.run([], ['echo $HOME'])).stdout).toBe(`${stage.account.home}\n`);
  for (const protocol of ['-O', '-s']) {
    const path = `${target}${protocol}`;
    expect(await guest.scp([protocol, '/etc/hostname', guest.remote(path)])).toMatchObject({ exitCode: 0 });
    expect(existsSync(path)).toBe(true);
  }
  expect(await guest.sftp(`put /etc/hostname ${target}`)).toMatchObject({ exitCode: 0 });
  expect(existsSync(target)).toBe(true);
});

test('a channel goes over an open master after its key was taken away, and nothing else does', async () => {
  await using stage = await makeStage();
  const { host, lineFor } = await openRoom(stage);
  const guest = await stage.guest();
  await stage.writeKeys(lineFor(guest));
  const master = await guest.master();
  expect(await master.isAlive()).toBe(true);
  await stage.writeKeys('');

  expect((await guest.run([], ['id'])).exitCode).toBe(255);
  const seat = await master.join();
  await host.type('echo over-the-$((6*7))-master\r');
  await seat.waitFor('over-the-42-master');

  await master.close();
  expect(await master.isAlive()).toBe(false);
  // With the key back a new connection would be let in: the channel does not make one.
  await stage.writeKeys(lineFor(guest));
  expect((await master.channel()).exitCode).toBe(255);
  await seat.close();
});

test('a snapshot tells content, mode and existence', async () => {
  await using stage = await makeStage({ keys: 'one\n' });
  const before = stage.snapshot();
  stage.expectUntouched(before);
  await stage.writeKeys('two\n');
  expect(() => stage.expectUntouched(before)).toThrow();
  await stage.writeKeys('one\n', 0o644);
  expect(() => stage.expectUntouched(before)).toThrow();
  await stage.writeKeys('one\n');
  stage.expectUntouched(before);
  await stage.writeFile('.ssh/authorized_keys2', '');
  expect(() => stage.expectUntouched(before)).toThrow();
  expect(stage.keysFile()?.toString()).toBe('one\n');
});

test('processes end as a shell would say: signal, exit code, lost terminal', async () => {
  await using stage = await makeStage();
  const killed = await stage.terminal(['sleep', '1000']);
  await until(() => stage.processes().some(({ pid, cmd }) => pid === killed.pid && cmd === 'sleep 1000'), {
    what: 'sleep to be listed',
  });
  killed.signal('SIGTERM');
  expect(await killed.exitStatus()).toBe(143);

  const said = await stage.terminal(['sh', '-c', 'echo "$TMUX|$TERM|$HOME|$WORD"; exit 7'], {
    env: { WORD: 'a;' },
  });
  expect(await said.exitStatus()).toBe(7);
  expect(await said.screen()).toBe(`|tmux-256color|${stage.account.home}|a;`);
  expect(await said.transcript()).toBe(await said.screen());

  const script = 'trap "echo hung up > hup; exit" HUP; echo ready; while :; do read line; done';
  const closed = await stage.terminal(['sh', '-c', script]);
  await closed.waitFor('ready');
  await closed.closeTerminal();
  const told = `${stage.account.home}/hup`;
  await until(() => existsSync(told), { what: 'the hang-up to be noticed' });
  expect(await closed.isRunning()).toBe(false);
});

test.runIf(isRoot() && !isProcHidden)(
  'what a test has left as it was is given to another, with nothing of the first',
  async () => {
    const { path, name } = await (async () => {
      await using stage = await makeStage({ keys: 'one\n' });
      const path = await stage.writeFile('.config/x', 'x');
      await stage.account.demand('sh', [
        '-c',
        'echo y >"$0/y"; touch /tmp/left-by-$USER',
        stage.account.scratch,
      ]);
      return { path, name: stage.account.name };
    })();
    await using next = await makeStage();
    // Another worker may have taken it meanwhile.
    if (next.account.name === name) {
      expect(existsSync(path)).toBe(false);
      expect(next.keysFile()).toBeUndefined();
      expect(readdirSync(next.account.scratch)).toEqual(['run']);
      expect(existsSync(`/tmp/left-by-${name}`)).toBe(false);
      expect(next.sshd.log()).toBe('');
    }
    await next.writeFile('.bashrc', '# changed\n');
    const { account, sshd } = next;
    await next[Symbol.asyncDispose]();
    expect(accounts().map((one) => one.name)).not.toContain(account.name);
    expect(allProcesses().filter(({ pid }) => pid === sshd.pid)).toEqual([]);
  },
);

test('after the stage nothing is left of it', async () => {
  const stage = await makeStage({ isFresh: true });
  const { account, sshd } = stage;
  const { lineFor } = await openRoom(stage);
  const guest = await stage.guest();
  await stage.writeKeys(lineFor(guest));
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await account.demand('sh', ['-c', 'setsid sleep 1000 >/dev/null 2>&1 & touch /tmp/left-by-$USER']);
  await until(() => account.processes().some(({ cmd }) => cmd === 'sleep 1000'), {
    what: 'a process to stay',
  });
  if (account.kind === 'system') expect(accounts().map(({ name }) => name)).toContain(account.name);

  await stage[Symbol.asyncDispose]();

  expect(account.processes()).toEqual([]);
  expect(guest.account.processes()).toEqual([]);
  const folders = [account.scratch, account.home, guest.account.home, guest.account.scratch];
  for (const path of [...folders, sshd.configFile]) expect(existsSync(path)).toBe(false);
  expect(allProcesses().filter(({ pid }) => pid === sshd.pid)).toEqual([]);
  expect(allProcesses().filter(({ cmd }) => folders.some((path) => cmd.includes(path)))).toEqual([]);
  if (account.kind === 'system') {
    expect(accounts().map(({ name }) => name)).not.toContain(account.name);
    expect(existsSync(`/tmp/left-by-${account.name}`)).toBe(false);
  }
});

test('the folder of the run can be entered by any account', async () => {
  await using stage = await makeStage();
  expect((await stage.account.exec('ls', [testRun().folder])).exitCode).toBe(0);
  expect((await stage.account.exec(testRun().node, ['-e', 'console.log(process.getuid())'])).stdout).toBe(
    `${stage.account.uid}\n`,
  );
});

test('mouse, paste and raw bytes arrive as a terminal would send them', async () => {
  await using stage = await makeStage();
  const window = await stage.terminal(['sh', '-c', 'stty raw -echo; echo ready; exec cat -v']);
  await window.waitFor('ready');
  await window.click(3, 4);
  await window.waitFor('^[[<0;3;4M^[[<0;3;4m');
  await window.paste('a b');
  await window.waitFor('^[[200~a b^[[201~');
  await window.bytes(Uint8Array.of(0x00, 0xff));
  await window.waitFor('^@M-^?');
  await window.sendKeys('C-b', 'Up');
  await window.waitFor('^B^[[A');
});

test('a guest of every kind of key gets in, and may forward where nothing forbids it', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest({ type: 'rsa-2048' });
  const other = guest.as({ identity: await guest.newIdentity('ecdsa-384') });
  await stage.writeKeys(`${guest.identity.publicKey}\n${other.identity.publicKey}\n`);
  for (const one of [guest, other]) expect(await one.run([], ['true'])).toMatchObject({ exitCode: 0 });

  const socket = `${guest.account.scratch}/forwarded`;
  guest.hold(['-N', '-L', `${socket}:${stage.sshd.host}:${stage.sshd.port}`]);
  await until(() => existsSync(socket), { what: 'the forwarding' });
  const read = `require('net').connect('${socket}').once('data', (d) => { console.log(String(d)); process.exit() })`;
  expect((await guest.account.exec(testRun().node, ['-e', read])).stdout).toMatch(/^SSH-2\.0-/);
});
