import { expect, test } from 'vitest';
import type { Doubt } from '../../../src/domain/doubt.ts';
import { verdictOn } from '../../../src/entrance/choose-door.ts';

const unread: Doubt = { kind: 'settings-unread' };
const assumed: Doubt = { kind: 'settings-assumed', configFile: '/etc/ssh/sshd_config' };
const refusing: Doubt = { kind: 'refusing', said: 'Not allowed at this time' };
const go: Doubt = { kind: 'other-server', greeting: 'SSH-2.0-Go' };
const loopback: Doubt = { kind: 'loopback-only', addresses: ['127.0.0.1'] };

test.each<[string, Doubt[], object]>([
  ['settings that were read, and no doubt', [], { kind: 'open', isTriable: true }],
  ['R3: refuses this machine for a while, and its settings were read', [refusing], { isTriable: false }],
  ['R3: refuses this machine, and nothing else is known', [refusing, unread], { isTriable: false }],
  ['N2: settings that could not be read', [unread], { kind: 'open', isTriable: true }],
  ['settings of a process that is not seen', [assumed], { kind: 'open', isTriable: true }],
  [
    'B2: settings that it may not run with',
    [{ kind: 'settings-stale', configFile: '/etc/ssh/sshd_config' }],
    { kind: 'open', isTriable: true },
  ],
  ['N1: another server', [go], { kind: 'open', isTriable: false }],
  ['N1: no greeting', [{ kind: 'no-greeting' }], { kind: 'open', isTriable: false }],
  ['N4: loopback alone', [loopback], { kind: 'open', isTriable: false }],
  [
    'N4: no address that is reached',
    [{ kind: 'reached-nowhere', addresses: ['192.0.2.7'] }],
    { kind: 'open', isTriable: false },
  ],
  ['N4: loopback alone, and not read', [unread, loopback], { kind: 'open', isTriable: false }],
])('%s', (_, doubts, verdict) => {
  expect(verdictOn({ obstacles: [], doubts })).toMatchObject(verdict);
});

test('an obstacle decides, whatever else is known', () => {
  const obstacles = [{ kind: 'keys-off' } as const];
  expect(verdictOn({ obstacles, doubts: [] })).toEqual({ kind: 'obstacles', obstacles });
});
