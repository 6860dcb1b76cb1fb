import { expect, test } from 'vitest';
import { reachable } from '../../../src/door/reachable.ts';

const sockets = (...addresses: string[]) =>
  addresses.map((address, at) => ({ address, port: 22, uid: 0, inode: String(at) }));

test.each<[string[], string[]]>([
  [['0.0.0.0'], ['127.0.0.1']],
  [
    ['0.0.0.0', '::'],
    ['127.0.0.1', '::1'],
  ],
  [['::'], ['127.0.0.1', '::1']],
  [['192.0.2.5'], ['192.0.2.5']],
  [['2001:db8::5'], ['2001:db8::5']],
  [['127.0.0.1'], ['127.0.0.1']],
  [['::1'], ['::1']],
  [
    ['192.0.2.5', '127.0.0.1'],
    ['192.0.2.5', '127.0.0.1'],
  ],
])('N4: one who listens on %j is knocked at by %j', (addresses, hosts) => {
  expect(reachable(sockets(...addresses))).toEqual(hosts);
});
