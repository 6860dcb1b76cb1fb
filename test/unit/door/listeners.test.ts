import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { isListening, listenerConfig } from '../../../src/door/listeners.ts';

test.each([
  ['sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', []],
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

async function listen(host: string): Promise<Server> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  return server;
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

test.each(['127.0.0.1', '0.0.0.0', '::1'])(
  'a port on %s is listened on, until it is closed',
  async (host) => {
    const others = await Promise.all(Array.from({ length: 40 }, () => listen('127.0.0.1')));
    const server = await listen(host);
    const port = portOf(server);
    const all = [...others, server];
    try {
      expect(await Promise.all(all.map((one) => isListening(portOf(one))))).toEqual(all.map(() => true));
      server.close();
      await once(server, 'close');
      expect(await isListening(port)).toBe(false);
    } finally {
      for (const one of others) one.close();
    }
  },
);
