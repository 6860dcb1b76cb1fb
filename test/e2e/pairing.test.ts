import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { isProcHidden } from '../support/hidden-proc.ts';
import { expectNothingLeft, remains } from '../support/live.ts';
import { inRoom, keyFileOf, leaseLines, rooms, sessions, startPairing } from '../support/pairing.ts';
import { snapshotsOf } from '../support/snapshot.ts';
import { expectWithin } from '../support/soon.ts';
import { rows } from '../support/whole.ts';

const own =
  '# mine\n\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPkAAAAAAAAAAAAAAAAAAAAAAAAA me@desk\n';

test('a guest joins, types, and is out within a second of the detach; the room goes on', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const others = await Promise.all([guest.newIdentity('ecdsa-256'), guest.newIdentity('rsa-2048')]);
  const before = stage.snapshot();
  const [one, two, three] = [guest.identity, ...others].map(({ publicKey }) => publicKey);
  const file = `# of a friend\n\n${one} a@b\r\n  ${two}\n\n#${one}\n${three} with a long comment`;
  await stage.writeFile('friend.pub', file, 0o644);
  const host = await startPairing(stage, ['friend.pub']);

  const lines = leaseLines(stage);
  expect(lines).toHaveLength(3);
  const form =
    /^restrict,pty,expiry-time="\d{14}Z",command="exec \/bin\/sh \/\S+\/gate friend" (\S+ \S+) tmuxpair:[a-z2-7]{12}:friend$/;
  expect(lines.map((line) => form.exec(line)?.[1])).toEqual([one, two, three]);
  expect(stage.keysFile()?.toString()).toBe(`${lines.join('\n')}\n${own}`);

  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await host.waitFor(/friend has joined from 127\.0\.0\.1/);
  // What is announced must not hold the host's screen up: the host has pressed no key yet.
  await seat.type('echo unasked-$((20+3))\r');
  await host.waitFor(/^unasked-23$/m, { timeout: 2000 });
  await host.type('kept=$((20+1)); echo host-$kept-é\r');
  await seat.waitFor('host-21-é');
  await seat.type('echo guest-$((20+2))\r');
  await host.waitFor(/^guest-22$/m);
  expect(remains(stage)).toContainEqual(
    expect.objectContaining({ cmd: expect.stringMatching(/^sshd(-session)?: /) }),
  );

  const detached = performance.now();
  await host.sendKeys('C-b', 'd');
  await seat.exitStatus();
  expectWithin(performance.now() - detached, 1000);
  expect(await host.exitStatus()).toBe(0);
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  expect(sessions(stage)).toEqual(['pair']);
  const said = await host.screen();
  expect(said).toMatch(/^friend was in for \d+s, from 127\.0\.0\.1$/m);
  expect(said).toMatch(/^you detached: access is revoked, authorized_keys is as it was$/m);
  expect((await guest.run([], ['id'])).stderr).toContain('Permission denied');

  const again = await startPairing(stage, ['friend.pub']);
  const back = await guest.join();
  await back.type('echo still-$kept\r');
  await again.waitFor(/^still-21$/m);
  await again.type('exit\r');
  expect(await again.exitStatus()).toBe(0);
  await back.exitStatus();
  expect(await again.screen()).toContain('the session has ended: access is revoked');
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  expect(rooms(stage)).toEqual([]);
});

/** I1: what the file was like before, and how it came to be so. */
const states: readonly (readonly [string, (stage: Stage) => Promise<unknown>])[] = [
  ['empty', (stage) => stage.writeKeys('')],
  ['without a final newline', (stage) => stage.writeKeys(own.trimEnd())],
  ['with CRLF', (stage) => stage.writeKeys(own.replaceAll('\n', '\r\n'))],
  ['comments alone', (stage) => stage.writeKeys('# nobody\n\t # yet\n')],
  ['no UTF-8', (stage) => stage.writeKeys(Buffer.from([0x23, 0xff, 0xfe, 0x0a, 0x23, 0x00, 0x0a]))],
  ['0644', (stage) => stage.writeKeys(own, 0o644)],
  ['100,000 lines', (stage) => stage.writeKeys(own.repeat(33_334))],
  [
    'a symbolic link',
    async (stage) => {
      await stage.writeFile('dotfiles/keys', own, 0o640);
      await stage.account.demand('ln', ['-sf', '../dotfiles/keys', stage.keysPath]);
    },
  ],
  ['absent', (stage) => stage.account.demand('rm', ['-f', stage.keysPath])],
  ['.ssh absent', (stage) => stage.account.demand('rm', ['-r', `${stage.account.home}/.ssh`])],
];

test.each([{ half: rows(states.slice(0, 5), 2) }, { half: rows(states.slice(5), 2) }])(
  'F8: the file is as before, byte for byte, with mode and owner: $half.0.0 …',
  async ({ half }) => {
    await using stage = await makeStage();
    const guest = await stage.guest();
    const path = await keyFileOf(stage, guest);
    for (const [state, make] of half) {
      await make(stage);
      const before = { ...stage.snapshot(), ...snapshotsOf([`${stage.account.home}/dotfiles/keys`]) };
      const host = await startPairing(stage, [path]);
      expect(leaseLines(stage), state).toHaveLength(1);
      const seat = await guest.join();
      await seat.waitFor('[pair]');
      await host.sendKeys('C-b', 'd');
      expect(await host.exitStatus(), state).toBe(0);
      stage.expectUntouched(before);
      await seat.exitStatus();
      await host.close();
    }
    await expectNothingLeft(stage);
  },
);

// Without /proc, nobody can tell which configuration an sshd was started with: that is a warning.
test.skipIf(isProcHidden)('a command in place of the shell, a name for the session, no words', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const before = stage.snapshot();
  const path = await keyFileOf(stage, guest);
  const host = await startPairing(stage, [
    '-q',
    // The tests' sshd listens on loopback only: without --host that is warned of.
    ...['--host', '127.0.0.1'],
    ...['-s', 'review', path],
    '--',
    'sh',
    '-c',
    'read word; echo "<$word>" >said',
  ]);
  const seat = await guest.join();
  await seat.waitFor('[review]');
  expect(sessions(stage)).toEqual(['review']);
  await seat.type('two  words; $HOME\r');
  expect(await host.exitStatus()).toBe(0);
  await seat.exitStatus();
  expect(readFileSync(`${stage.account.home}/said`, 'utf8')).toBe('<two  words; $HOME>\n');
  expect((await host.transcript()).replace('[exited]', '').trim()).toBe('');
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  expect(rooms(stage)).toEqual([]);
});

test('starts from inside a tmux, and in a home of odd names', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const folder = `${stage.account.home}/it's; $(touch x) é`;
  await stage.writeFile(`it's; $(touch x) é/guest key.pub`, `${guest.identity.publicKey}\n`);
  const host = await startPairing(stage, ['guest key.pub', '--session', 'x'], {
    cwd: folder,
    env: { TMUX: '/tmp/x,1,0', TMUX_PANE: '%0' },
  });
  const seat = await guest.join();
  await seat.type('pwd\r');
  await host.waitFor(folder);
  expect(await inRoom(stage, 'x', 'display-message', '-p', '#{session_path}')).toBe(`${folder}\n`);
  await host.type('exit\r');
  expect(await host.exitStatus()).toBe(0);
  await expectNothingLeft(stage);
});

test("the ancestor's command lines", async () => {
  await using stage = await makeStage({ keys: own });
  const guests = await Promise.all([stage.guest(), stage.guest()]);
  const [one, two] = guests;
  const extra = await Promise.all([one?.newIdentity('ecdsa-384')]);
  if (!one || !two) throw new Error('two guests');
  await stage.account.demand('mkdir', ['-m', '700', 'keys']);
  const other = await stage.writeFile('keys/authorized', own);
  const files = [
    await keyFileOf(stage, [one, ...extra.flatMap((key) => key ?? [])], 'alice'),
    await keyFileOf(stage, two, 'bob'),
  ];
  const before = { ...stage.snapshot(), ...snapshotsOf([other]) };
  const tmux = (await stage.account.demand('sh', ['-c', 'command -v tmux'])).trim();

  const host = await startPairing(stage, [
    ...[
      '--session=both',
      '--tmux',
      tmux,
      '--authorized_keys',
      'keys/authorized',
      '--allow-port-forwarding',
      '--debug',
    ],
    ...files,
  ]);
  expect(stage.keysFile()?.toString()).toBe(own);
  const lines = readFileSync(other, 'utf8').split('\n').slice(0, 3);
  expect(lines.map((line) => /gate (\w+)"/.exec(line)?.[1])).toEqual(['alice', 'alice', 'bob']);
  for (const line of lines)
    expect(line).toMatch(/^restrict,pty,expiry-time="\d+Z",port-forwarding,command="/);
  await host.waitFor('[both]');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  const said = await host.transcript();
  expect(said).toContain('tmuxpair: warning: --allow-port-forwarding lets guests reach every port');
  expect(said).toMatch(/^tmuxpair: debug: \d{4}-\S+Z ended: /m);
  expect(snapshotsOf(Object.keys(before))).toEqual(before);

  const looking = await startPairing(stage, ['-r', '-s', 'look', '--tmux=tmux', ...files]);
  expect(leaseLines(stage)).toHaveLength(3);
  const seat = await two.join();
  await seat.waitFor('view only, q leaves');
  await looking.sendKeys('C-b', 'd');
  expect(await looking.exitStatus()).toBe(0);
  await seat.exitStatus();
  expect(sessions(stage).sort()).toEqual(['both', 'look']);
  stage.expectUntouched(before);

  for (const flag of ['-h', '--help']) {
    const help = await stage.run([flag]);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    for (const option of ['-s, --session', '-r, --read-only', '--tmux', '--allow-port-forwarding', '--debug'])
      expect(help.stdout).toContain(option);
  }
  expect(await stage.run(['--version'])).toEqual({
    exitCode: 0,
    signal: null,
    stdout: expect.stringMatching(/^tmuxpair \d+\.\d+\.\d+\n$/),
    stderr: '',
  });
  await expectNothingLeft(stage);
});
