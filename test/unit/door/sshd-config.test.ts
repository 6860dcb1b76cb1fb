import { expect, test } from 'vitest';
import { preferredPort } from '../../../src/door/private.ts';
import { type DoorConfig, doorConfig } from '../../../src/door/sshd-config.ts';

const config = (more: Partial<DoorConfig> = {}) =>
  doorConfig({
    version: [9, 2],
    hostKeyFile: '/home/ada/.local/state/tmuxpair/door/host_ed25519',
    keyFile: '/run/user/1000/tmuxpair/abc/authorized_keys',
    user: 'ada',
    emptyHome: '/run/user/1000/tmuxpair/abc/home',
    forward: [],
    ...more,
  }).split('\n');

test('keys of one file, for one account, and nothing else', () => {
  expect(config()).toEqual(
    expect.arrayContaining([
      'AuthorizedKeysFile "/run/user/1000/tmuxpair/abc/authorized_keys"',
      'AllowUsers ada',
      'AuthenticationMethods publickey',
      'DisableForwarding yes',
      'PermitOpen none',
      'PermitTunnel no',
    ]),
  );
  expect(config({ user: 'DOM\\ada@x' })).toContain('AllowUsers DOM?ada?x');
  expect(config({ keyFile: '/run/50%/keys' })).toContain('AuthorizedKeysFile "/run/50%%/keys"');
});

test('W2: login shells look for start-up files where none are, and guests add nothing to their environment', () => {
  const empty = '/run/user/1000/tmuxpair/abc/home';
  expect(config()).toContain(`SetEnv HOME=${empty} SHLVL=1 ZDOTDIR=${empty} XDG_CONFIG_HOME=${empty}`);
  expect(config().join('\n')).not.toMatch(/AcceptEnv|PermitUserEnvironment yes/);
});

test('forwards: none, those asked for, or any', () => {
  const asked = config({ forward: [3000, 9100] });
  expect(asked).toContain('PermitOpen 127.0.0.1:3000 localhost:3000 127.0.0.1:9100 localhost:9100');
  expect(asked).toEqual(
    expect.arrayContaining([
      'AllowTcpForwarding local',
      'AddressFamily inet',
      'AllowStreamLocalForwarding no',
      'PermitListen none',
    ]),
  );
  expect(asked).not.toContain('DisableForwarding yes');
  expect(asked.join()).not.toContain('UnusedConnectionTimeout');
  expect(config({ forward: 'any' })).toContain('AllowTcpForwarding yes');
});

test('what an older sshd does not know, which would keep it from starting, is left out', () => {
  const names = (version: DoorConfig['version']) => config({ version }).map((line) => line.split(' ')[0]);
  expect(names([9, 2])).toContain('UnusedConnectionTimeout');
  expect(names([9, 1])).not.toContain('UnusedConnectionTimeout');
  expect(names([7, 8])).toContain('PermitListen');
  expect(names([7, 7])).not.toContain('PermitListen');
  expect(names([7, 8])).toContain('SetEnv');
  expect(names([7, 7])).not.toContain('SetEnv');
});

test('an account has one port, and another account most likely another', () => {
  const ports = ['ada@one', 'ada@two', 'bob@one'].map(preferredPort);
  expect(ports).toEqual(['ada@one', 'ada@two', 'bob@one'].map(preferredPort));
  expect(new Set(ports).size).toBe(3);
  for (const port of ports) expect(port >= 20_000 && port < 30_000).toBe(true);
});
