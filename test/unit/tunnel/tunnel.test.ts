import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  askArgs,
  connectArgs,
  proxyCommand,
  readJumpConfig,
  remoteForward,
} from '../../../src/tunnel/jump-ssh.ts';
import { judgeProof, lastLine } from '../../../src/tunnel/tunnel-proof.ts';

const jump = { host: 'j', user: 'me' };

describe("what the user's configuration makes of a jump host", () => {
  test('its address, for a guest who has another configuration', () => {
    const told = 'user me\nhostname jump.example.org\nport 2222\nforkafterauthentication no\n';
    expect(readJumpConfig(jump, told)).toEqual({
      jump: { user: 'me', host: 'jump.example.org', port: 2222 },
      login: 'me',
      before: [],
      isHidden: false,
      undone: [],
    });
    expect(readJumpConfig(jump, '')).toEqual({
      jump: { ...jump, port: 22 },
      before: [],
      isHidden: false,
      undone: [],
    });
  });

  test.each([
    ['proxyjump b', [{ host: 'b' }], false],
    [
      'proxyjump u@a.example,[192.0.2.1]:2222',
      [
        { user: 'u', host: 'a.example' },
        { host: '192.0.2.1', port: 2222 },
      ],
      false,
    ],
    [
      'proxyjump ssh://u@a:99,[2001:db8::1]',
      [{ user: 'u', host: 'a', port: 99 }, { host: '2001:db8::1' }],
      false,
    ],
    ['proxyjump a b,c', [], true],
    ['proxycommand nc %h %p', [], true],
    ['proxyusefdpass no', [], false],
  ])('the way there: %s', (told, before, isHidden) => {
    expect(readJumpConfig(jump, `hostname j\n${told}\n`)).toMatchObject({ before, isHidden });
  });

  test('what must not hold, if this ssh knows it and it is set', () => {
    const told = 'hostname j\nforkafterauthentication yes\nremotecommand date %h\nchanneltimeout global=5m\n';
    expect(readJumpConfig(jump, told).undone).toEqual([
      'ForkAfterAuthentication=no',
      'RemoteCommand=none',
      'ChannelTimeout=none',
    ]);
    expect(readJumpConfig(jump, 'channeltimeout none\n').undone).toEqual([]);
  });
});

test('the connection forwards nothing of itself, shares nothing, and names its host last', () => {
  const args = connectArgs({ ...jump, port: 2222 }, ['RemoteCommand=none'], {
    control: '/r/%a/tun',
    log: '/r/log',
  });
  expect(args.slice(0, 3)).toEqual(['-N', '-E', '/r/log']);
  expect(args.slice(-6)).toEqual(['-p', '2222', '-l', 'me', '--', 'j']);
  for (const one of [
    'ClearAllForwardings=yes',
    'ControlPersist=no',
    'RemoteCommand=none',
    'ControlPath=/r/%%a/tun',
  ])
    expect(args).toContain(one);
  expect(askArgs('/r/%a/tun', '-O', 'exit')).toEqual([
    '-F',
    '/dev/null',
    '-S',
    '/r/%%a/tun',
    '-O',
    'exit',
    'jump',
  ]);
});

test('a host on the way is gone through without what its configuration has besides, also behind another', () => {
  expect(proxyCommand([])).toBeUndefined();
  const one = proxyCommand([{ asked: { user: 'u', host: 'a', port: 99 }, undone: ['RemoteCommand=none'] }]);
  expect(one).toMatch(
    /^ssh -o ClearAllForwardings=yes -o ControlMaster=no .* -o RemoteCommand=none -W '\[%h\]:%p' -p 99 -l u -- a$/,
  );
  const both = proxyCommand([
    { asked: { host: 'a' }, undone: [] },
    { asked: { host: "o'dd" }, undone: [] },
  ]);
  // As a shell reads it.
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${both}`], { encoding: 'utf8' }).split('\n');
  expect(words.slice(-5)).toEqual(['-W', '[%h]:%p', '--', "o'dd", '']);
  const before = words.find((word) => word.startsWith('ProxyCommand='));
  expect(before?.replaceAll('%%', '%')).toBe(
    `ProxyCommand=${proxyCommand([{ asked: { host: 'a' }, undone: [] }])}`,
  );
});

test.each([
  [0, '127.0.0.1', '127.0.0.1:0:127.0.0.1:22'],
  [45_795, '::1', '127.0.0.1:45795:[::1]:22'],
])('a forwarding of port %i to %s', (port, host, forward) => {
  expect(remoteForward(port, { host, port: 22 })).toBe(forward);
});

describe('who answers at the far end', () => {
  const judge = (log: string, master = '', said = '') => judgeProof(4711, { log, master, said });

  test.each(['me@tunnel: Permission denied (publickey).\r\n', 'Permission denied (publickey).\n'])(
    'we do, if the login was begun: %j',
    (log) => {
      expect(judge(log)).toEqual({ kind: 'proven' });
    },
  );

  test.each([
    'Received disconnect from UNKNOWN port 65535:2: me@tunnel: Permission denied (publickey).\r\n',
    'Received disconnect from UNKNOWN port 65535:2: \\nPermission denied (publickey).\r\n',
    'banner exchange: Connection to UNKNOWN port 65535: invalid format: Permission denied (publickey)\n',
  ])('not whoever says what our ssh would say: %j', (log) => {
    expect(judge(log)).toMatchObject({ kind: 'unanswered', port: 4711 });
  });

  test.each([
    '@@@\nHost key verification failed.\r\n',
    'No ED25519 host key is known for tunnel and you have requested strict checking.\r\nHost key verification failed.\r\n',
  ])('somebody else: %j', (log) => {
    expect(judge(log)).toEqual({ kind: 'astray', port: 4711 });
  });

  test('nobody, or nobody who may be asked', () => {
    const closed = 'Connection closed by UNKNOWN port 65535\r\n';
    const refused = 'channel 2: open failed: connect failed: Connection refused\r\n';
    const denied = 'channel 2: open failed: administratively prohibited: open failed\r\n';
    expect(judge(closed, `x\n${refused}`)).toMatchObject({ said: 'connect failed: Connection refused' });
    expect(judge(closed, denied)).toEqual({ kind: 'untried', why: 'refused' });
    expect(judge(closed)).toMatchObject({ said: 'Connection closed by UNKNOWN port 65535' });
    expect(judge('', '', 'ssh does not answer')).toMatchObject({ said: 'ssh does not answer' });
  });
});

test.each([
  ['', ''],
  ["Warning: Permanently added 'j' (ED25519) to the list of known hosts.\r\n", ''],
  ['one\r\ntwo\r\n\r\n', 'two'],
  [
    'mux_confirm_remote_forward: remote port forwarding failed for listen port 0',
    'remote port forwarding failed for listen port 0',
  ],
])('the last that ssh has said of %j', (text, last) => {
  expect(lastLine(text)).toBe(last);
});
