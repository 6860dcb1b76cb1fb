import { expect, test } from 'vitest';
import { listenerConfig, programIn, startedAt } from '../../../src/door/listeners.ts';

test.each([
  ['sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', []],
  [
    'sshd: /usr/sbin/sshd -D -o AuthorizedKeysFile=.ssh/authorized_keys /etc/more/%u -f /a b -p 22 [listener] 0 of 10',
    ['-o', 'AuthorizedKeysFile=.ssh/authorized_keys /etc/more/%u', '-f', '/a b', '-p', '22'],
  ],
  ['sshd: /usr/sbin/sshd -D -f /etc/x/cfg [listener] 1 of 10-100 startups', ['-f', '/etc/x/cfg']],
  ['/usr/sbin/sshd -D', []],
  ['/usr/sbin/sshd', []],
  [
    'sshd: /usr/local/sbin/sshd -p 2222 -oPort=22 -f/x [listener] 0 of 10',
    ['-p', '2222', '-oPort=22', '-f/x'],
  ],
])('%s listens', (command, config) => {
  expect(listenerConfig(command)).toEqual(config);
});

test.each([
  'sshd: ada [priv]',
  'sshd: ada@pts/0',
  'sshd: [accepted]',
  '/usr/sbin/sshd -i -e -f /run/user/1000/tmuxpair/abc/sshd_config',
  '/usr/sbin/sshd -D -R',
  '/usr/sbin/sshd -T -f /x',
  '/usr/sbin/sshd-keygen',
  'vim /usr/sbin/sshd',
  '/usr/lib/systemd/systemd',
  '',
])('%s does not', (command) => {
  expect(listenerConfig(command)).toBeUndefined();
});

test('the program of a listener', () => {
  const title = '/opt/ssh/sbin/sshd -D [listener] 0 of 10-100 startups';
  expect([programIn(`sshd: ${title}`), programIn('/usr/sbin/sshd')]).toEqual([
    '/opt/ssh/sbin/sshd',
    '/usr/sbin/sshd',
  ]);
});

test('B2: when a process began', () => {
  const now = Date.now();
  const began = startedAt(process.pid) ?? 0;
  expect(began).toBeGreaterThan(now - 3_600_000);
  expect(began).toBeLessThan(now);
  expect(startedAt(1) ?? 0).toBeLessThanOrEqual(began);
  expect(startedAt(2 ** 30)).toBeUndefined();
});
