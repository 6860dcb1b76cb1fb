import { expect, test } from 'vitest';
import type { Doubt } from '../../../src/domain/doubt.ts';
import { verdictOn } from '../../../src/session/choose-door.ts';

const unread: Doubt = { kind: 'settings-unread' };
const assumed: Doubt = { kind: 'settings-assumed', configFile: '/etc/ssh/sshd_config' };
const refusing: Doubt = { kind: 'refusing', said: 'Not allowed at this time' };
const go: Doubt = { kind: 'other-server', greeting: 'SSH-2.0-Go' };
const loopback: Doubt = { kind: 'loopback-only', addresses: ['127.0.0.1'] };

test.each<[string, boolean, Doubt[], object]>([
  ['settings that were read, and no doubt', true, [], { kind: 'good' }],
  ['R3: refuses this machine for a while, and its settings were read', true, [refusing], { kind: 'good' }],
  ['R3: refuses this machine, and nothing else is known', false, [refusing, unread], { isTriable: false }],
  ['N2: settings that could not be read', false, [unread], { kind: 'open', isTriable: true }],
  ['settings of a process that is not seen', true, [assumed], { kind: 'open', isTriable: true }],
  [
    'B2: settings that it may not run with',
    true,
    [{ kind: 'settings-stale', configFile: '/etc/ssh/sshd_config' }],
    { kind: 'open', isTriable: true },
  ],
  ['N1: another server', false, [go], { kind: 'open', isTriable: false }],
  ['N1: no greeting', false, [{ kind: 'no-greeting' }], { kind: 'open', isTriable: false }],
  ['N4: loopback alone', true, [loopback], { kind: 'open', isTriable: false }],
  ['N4: loopback alone, and not read', false, [unread, loopback], { kind: 'open', isTriable: false }],
])('%s', (_, asked, doubts, verdict) => {
  expect(verdictOn({ asked, obstacles: [], doubts })).toMatchObject(verdict);
});

test('an obstacle decides, whatever else is known', () => {
  const obstacles = [{ kind: 'keys-off' } as const];
  expect(verdictOn({ asked: true, obstacles, doubts: [] })).toEqual({ kind: 'obstacles', obstacles });
});
