import { describe, expect, test } from 'vitest';
import { leaverOf, most, nextOf, oneTooMany, type Stranger, sourceOf } from '../../../src/door/strangers.ts';

/** So many from a source, one each ms from `since` on. */
const crowd = (source: string, count: number, since = 0): Stranger[] =>
  Array.from({ length: count }, (_, index) => ({ source, since: since + index }));

describe('who is next', () => {
  const waiting = [...crowd('a', 6), ...crowd('b', 3, 10)];

  test('of the address with the fewest inside', () => {
    for (let chance = 0; chance < 1; chance += 0.1)
      expect(nextOf(waiting, [...crowd('a', 2), ...crowd('b', 1)], () => chance)?.source).toBe('b');
  });

  test('of those, as often the newest as the first', () => {
    expect(nextOf(crowd('a', 6), [], () => 0.49)?.since).toBe(0);
    expect(nextOf(crowd('a', 6), [], () => 0.5)?.since).toBe(5);
    expect(nextOf([], [])).toBeUndefined();
  });

  test('before all, of those that have said something', () => {
    const speaks = { source: 'a', since: 3, spoken: true };
    const there = [...crowd('a', 40), ...crowd('b', 1)];
    expect(nextOf([...waiting, speaks, ...waiting], there)).toBe(speaks);
  });
});

describe('who makes room', () => {
  test('the first of the address that most are from', () => {
    const there = [...crowd('b', 10), ...crowd('a', 40, 50), ...crowd('c', 14)];
    expect(leaverOf(there)).toEqual({ source: 'a', since: 50 });
    const all = Array.from({ length: 64 }, (_, n) => ({ source: `s${n}`, since: 64 - n }));
    expect(leaverOf(all)).toEqual({ source: 's63', since: 1 });
  });

  test('not who has named a key that may come in, unless half of the house has', () => {
    const named = (count: number) => crowd('a', count).map((one) => ({ ...one, named: true }));
    expect(leaverOf([...named(31), ...crowd('a', 33, 100)])).toEqual({ source: 'a', since: 100 });
    expect(leaverOf([...named(32), ...crowd('a', 32, 100)])).toMatchObject({ since: 0 });
  });
});

test('one too many that wait: of the address that most are from', () => {
  const waiting = [...crowd('b', 1), ...crowd('a', most.waiting)];
  expect(oneTooMany(waiting, () => 0)).toEqual({ source: 'a', since: 0 });
  expect(oneTooMany(waiting, () => 0.999)).toEqual({ source: 'a', since: most.waiting - 1 });
});

/** Turns until a guest who comes into a crowd of the same address, all of whom speak, is let in. */
function turnsOf(heap: number): number {
  const guest = { source: 'a', since: 1e9 };
  let waiting = [...crowd('a', heap), guest];
  for (let turns = 1; ; turns++) {
    const next = nextOf(waiting, crowd('a', 64));
    if (next === guest) return turns;
    // Who had to leave for them knocks again.
    waiting = [...waiting.filter((one) => one !== next), { source: 'a', since: 1e9 + turns }];
  }
}

test.each([6, 136, most.waiting - 1])(
  'S14: whoever knocks from the same address, a guest is in within as many turns as wait, with %i twice over',
  (heap) => {
    const waits = Array.from({ length: 400 }, () => turnsOf(heap)).sort((a, b) => a - b);
    expect(waits[0]).toBe(1);
    expect(waits.at(-1)).toBeLessThan(3 * heap + 20);
  },
);

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8'],
  ['2001:db8:0:0:1::6', '2001:db8'],
  ['::1', ''],
  ['fe80::1%eth0', 'fe80'],
])('%s comes from %j', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});
