import { describe, expect, test } from 'vitest';
import { addressesFrom, type Known, reachOf } from '../../../src/door/addresses.ts';
import { upstreamOf } from '../../../src/door/host-name.ts';

test.each([
  ['127.0.0.1', undefined],
  ['0.0.0.0', undefined],
  ['169.254.7.7', undefined],
  ['::', undefined],
  ['::1', undefined],
  ['fe80::1', undefined],
  ['10.0.0.7', 'network'],
  ['172.16.0.1', 'network'],
  ['172.32.0.1', 'internet'],
  ['192.168.1.7', 'network'],
  ['fd12:3456::1', 'network'],
  ['100.63.0.1', 'internet'],
  ['100.64.0.1', 'tailnet'],
  ['100.127.255.1', 'tailnet'],
  ['100.128.0.1', 'internet'],
  ['fd7a:115c:a1e0::1', 'tailnet'],
  ['198.51.100.7', 'internet'],
  ['2001:db8::7', 'internet'],
])('N9: who can use %s', (address, reach) => {
  expect(reachOf(address)).toBe(reach);
});

const home: Known = {
  routes: ['192.168.1.7', '2001:db8::7'],
  interfaces: [
    { name: 'eth0', address: '192.168.1.7' },
    { name: 'eth0', address: '2001:db8::7' },
    { name: 'eth0', address: '2001:db8::8' },
    { name: 'eth0', address: 'fe80::7' },
    { name: 'docker0', address: '172.17.0.1' },
    { name: 'br-1', address: '172.18.0.1' },
  ],
};
const tailnet = { name: 'me.tail.ts.net', addresses: ['100.64.0.7'], ownSsh: false };
const shown = (known: Known, port = 22, listens?: (address: string) => boolean): string[] =>
  addressesFrom(known, port, listens).map(({ host, reach }) => `${host} ${reach}`);

describe('N9: every way to this machine, the likeliest first', () => {
  test('by its routes, without what leads to containers', () => {
    expect(shown(home)).toEqual(['2001:db8::7 internet', '192.168.1.7 network']);
  });

  test('a private address is one of this network, a public one comes first', () => {
    const vps = { routes: ['198.51.100.7'], interfaces: [{ name: 'ens3', address: '198.51.100.7' }] };
    expect(shown(vps)).toEqual(['198.51.100.7 internet']);
    expect(shown({ ...vps, interfaces: [...vps.interfaces, { name: 'ens4', address: '10.1.0.7' }] })).toEqual(
      ['198.51.100.7 internet', '10.1.0.7 network'],
    );
  });

  test('how the host came in is how a guest may come, if it still leads here', () => {
    expect(shown({ ...home, cameInBy: '192.168.1.7' })[0]).toBe('192.168.1.7 network');
    expect(shown({ ...home, cameInBy: '192.168.9.9' })[0]).toBe('2001:db8::7 internet');
    expect(shown({ ...home, cameInBy: '127.0.0.1' })[0]).toBe('2001:db8::7 internet');
  });

  test('a name counts if the DNS leads here by it', () => {
    const named = (addresses: string[]): Known => ({
      ...home,
      domain: { name: 'me.example.org', addresses },
    });
    expect(shown(named(['192.168.1.7']))[0]).toBe('me.example.org network');
    expect(shown(named([]))[0]).toBe('2001:db8::7 internet');
    expect(shown(named(['127.0.1.1', '198.51.100.99']))[0]).toBe('2001:db8::7 internet');
  });

  test('the name in the tailnet is one among others', () => {
    expect(shown({ ...home, tailnet })).toEqual([
      'me.tail.ts.net tailnet',
      '2001:db8::7 internet',
      '192.168.1.7 network',
    ]);
    const { name: _, ...nameless } = tailnet;
    expect(shown({ ...home, tailnet: nameless })).toContain('100.64.0.7 tailnet');
  });

  test('what nobody listens on is no way', () => {
    expect(shown(home, 22, (address) => !address.includes(':'))).toEqual(['192.168.1.7 network']);
    expect(shown({ ...home, cameInBy: '2001:db8::7' }, 22, (address) => address === '192.168.1.7')).toEqual([
      '192.168.1.7 network',
    ]);
  });
});

test("W3: nothing of the tailnet, where Tailscale's own SSH server answers on that port", () => {
  const known: Known = {
    ...home,
    cameInBy: '100.64.0.7',
    tailnet: { ...tailnet, ownSsh: true },
    interfaces: [...home.interfaces, { name: 'tailscale0', address: '100.64.0.7' }],
  };
  expect(shown(known).filter((one) => /tail|100\.64/.test(one))).toEqual([]);
  expect(shown(known, 2222)[0]).toBe('100.64.0.7 tailnet');
});

test('N9: the stub of systemd, which answers with what only this machine knows, is not asked', () => {
  expect(
    upstreamOf('nameserver 127.0.0.53\noptions edns0\n', 'nameserver 192.0.2.1\nnameserver ::1\n'),
  ).toEqual(['192.0.2.1', '::1']);
  expect(upstreamOf('nameserver 192.0.2.53\n', 'nameserver 192.0.2.1\n')).toEqual([]);
  expect(upstreamOf('', '')).toEqual([]);
});
