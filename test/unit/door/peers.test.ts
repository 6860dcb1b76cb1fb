import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { peersIn, peersOf } from '../../../src/door/peers.ts';
import { until } from '../../support/wait.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:5014 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:5014 0100007F:8001 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   2: 0100007F:5014 0100007F:8002 01 00000000:00000015 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   3: 0100007F:5014 0100007F:8003 08 00000000:00000016 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   4: 0100007F:5015 0100007F:8004 01 00000000:00000015 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   5: 0100007F:8001 0100007F:5014 01 00000000:00000015 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   0: 0000000000000000FFFF00000100007F:5014 0000000000000000FFFF00000100007F:8006 01 00000000:00000001 00:00000000 0 0 0 1
`;

test('who has spoken and who has gone, by port', () => {
  expect(peersIn(table, 0x5014)).toEqual({ spoken: new Set([0x8002, 0x8006]), gone: new Set([0x8003]) });
  expect(peersIn('', 0x5014)).toEqual({ spoken: new Set(), gone: new Set() });
});

test.runIf(process.platform === 'linux')('of real connections that nobody reads', async () => {
  const server = createServer({ pauseOnConnect: true }, () => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [silent, speaks, leaves] = [1, 2, 3].map(() => connect(port, '127.0.0.1'));
  await Promise.all([silent, speaks, leaves].map((socket) => socket && once(socket, 'connect')));
  const [, spoken = 0, gone = 0] = [silent, speaks, leaves].map((socket) => socket?.localPort);
  speaks?.write('SSH-2.0-x\r\n');
  leaves?.end();
  await until(
    () => {
      const found = peersOf(port);
      return (
        found.spoken.size === 1 && found.spoken.has(spoken) && found.gone.size === 1 && found.gone.has(gone)
      );
    },
    { what: 'both to be seen' },
  );
  for (const socket of [silent, speaks, leaves]) socket?.destroy();
  server.close();
});
