import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { endianness } from 'node:os';
import { expect, test } from 'vitest';
import { listeningSockets, socketsIn } from '../../../src/door/sockets.ts';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (address: string, state = '0A', uid = '    0') =>
  `   1: ${address} ${'0'.repeat(address.length - 5)}:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 24116 1 0000000000000000 100 0 0 10 0\n`;

test.runIf(endianness() === 'LE').each([
  ['00000000:0016', '0.0.0.0'],
  ['0100007F:0016', '127.0.0.1'],
  ['0501A8C0:0016', '192.168.1.5'],
  ['00000000000000000000000000000000:0016', '::'],
  ['00000000000000000000000001000000:0016', '::1'],
  ['B80D0120000000000000000001000000:0016', '2001:db8::1'],
  ['000080FE00000000FF005452010000FE:0016', 'fe80::5254:ff:fe00:1'],
  ['B80D0120000001000100000001000000:0016', '2001:db8:1::1:0:1'],
  ['0000000000000000FFFF00000501A8C0:0016', '192.168.1.5'],
])('%s is %s', (hex, address) => {
  expect(socketsIn(head + row(hex))).toEqual([{ address, port: 22, uid: 0, inode: '24116' }]);
});

test('who is connected, and what is no row, does not listen; whose a socket is can be told', () => {
  expect(socketsIn(head + row('0100007F:0016', '01') + row('0100007F:08AE', '0A', ' 1000'))).toMatchObject([
    { port: 2222, uid: 1000 },
  ]);
  expect(socketsIn('')).toEqual([]);
  expect(socketsIn('garbage\n 1: x:y z 0A\n')).toEqual([]);
});

test.runIf(process.platform === 'linux').each(['127.0.0.1', '0.0.0.0', '::1'])(
  'a socket on %s is listed among others, until it is closed, and then it is another',
  async (host) => {
    const listen = async (address: string, port = 0) => {
      const server = createServer().listen(port, address);
      await once(server, 'listening');
      return server;
    };
    const others = await Promise.all(Array.from({ length: 40 }, () => listen('127.0.0.1')));
    const server = await listen(host);
    const { port } = server.address() as AddressInfo;
    const found = () => listeningSockets().filter((one) => one.port === port);
    try {
      const [first, ...more] = found();
      expect(first).toMatchObject({ address: host, uid: process.geteuid?.() });
      expect(more).toEqual([]);
      server.close();
      await once(server, 'close');
      expect(found()).toEqual([]);
      const again = await listen(host, port);
      others.push(again);
      expect(found()).toHaveLength(1);
      expect(found()[0]?.inode).not.toBe(first?.inode);
    } finally {
      for (const one of others) one.close();
    }
  },
);
