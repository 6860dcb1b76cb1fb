import { expect, test } from 'vitest';
import { daysSince } from '../../../src/domain/duration.ts';
import type { Pin } from '../../../src/domain/pin.ts';
import { mergePins, pinOf } from '../../../src/keyring/pin.ts';
import { judge, servesOffline } from '../../../src/keyring/trust.ts';
import { keyOf } from '../../support/keys.ts';

const [a, b, c] = [keyOf('a'), keyOf('b'), keyOf('c')];
const now = new Date('2026-11-22T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const seen = { reference: 'github:ada', keys: [a, b] as const, now, paired: true };
const pin = pinOf(undefined, seen);

test('nobody remembered is new', () => {
  expect(judge([a], undefined)).toEqual({ verdict: 'new' });
});

test.each([
  ['in the same order', [a, b]],
  ['in another order', [b, a]],
])('the same keys %s are known', (_, keys) => {
  expect(judge(keys, pin)).toEqual({ verdict: 'known', pin });
});

test.each([
  ['added', [a, b, c], { same: [a, b], added: [c], removed: [], needsYes: true }],
  ['removed', [b], { same: [b], added: [], removed: [a], needsYes: false }],
  ['swapped', [a, c], { same: [a], added: [c], removed: [b], needsYes: true }],
  ['all other', [c], { same: [], added: [c], removed: [a, b], needsYes: true }],
  ['none left', [], { same: [], added: [], removed: [a, b], needsYes: false }],
])('keys %s: changed', (_, keys, change) => {
  expect(judge(keys, pin)).toEqual({ verdict: 'changed', pin, ...change });
});

test.each([
  [0, 0],
  [0.9, 0],
  [1, 1],
  [45.5, 45],
  [-3, 0],
])('%d days ago: %d', (days, shown) => {
  expect(daysSince(daysAgo(days), now)).toBe(shown);
});

test.each([
  [0, true],
  [29.9, true],
  [30, false],
  [4000, false],
  [-0.5, true],
  [-2, false],
])('a pin seen %d days ago serves offline: %s', (days, serves) => {
  expect(servesOffline({ ...pin, lastSeen: daysAgo(days) }, now)).toBe(serves);
});

test('a pin keeps its first day, and its last pairing where the keys were only looked at', () => {
  const before: Pin = { ...pin, firstSeen: daysAgo(90), lastSeen: daysAgo(9), lastPaired: daysAgo(9) };
  expect(pinOf(before, { reference: 'github:ada', keys: [c], now, paired: false, validator: '"e"' })).toEqual(
    {
      reference: 'github:ada',
      keys: [c],
      firstSeen: daysAgo(90),
      lastSeen: now,
      lastPaired: daysAgo(9),
      validator: '"e"',
    },
  );
});

test('two pins of the same keys become one that knows all their times', () => {
  const one: Pin = { ...pin, firstSeen: daysAgo(90), lastSeen: daysAgo(50), lastPaired: daysAgo(50) };
  const { lastPaired: _, ...unpaired } = pin;
  const other: Pin = { ...unpaired, keys: [b, a], firstSeen: daysAgo(20), lastSeen: daysAgo(2) };
  const merged = { firstSeen: daysAgo(90), lastSeen: daysAgo(2), lastPaired: daysAgo(50) };
  expect(mergePins(one, other)).toMatchObject(merged);
  expect(mergePins(other, one)).toMatchObject(merged);
});

test('of two pins with other keys, the one that stood stands', () => {
  const other: Pin = { ...pin, keys: [a, c], lastSeen: daysAgo(-1) };
  expect(mergePins(pin, other)).toBe(pin);
});
