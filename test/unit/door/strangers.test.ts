import { expect, test } from 'vitest';
import { roomFor, type Stranger, sourceOf } from '../../../src/door/strangers.ts';

/** So many from a source, one each ms from `since` on. */
const crowd = (source: string, count: number, since = 0): Stranger[] =>
  Array.from({ length: count }, (_, index) => ({ source, since: since + index }));

test('there is room for 64', () => {
  expect(roomFor({ source: 'a', since: 100 }, [])).toBe('yes');
  expect(roomFor({ source: 'a', since: 100 }, crowd('a', 63))).toBe('yes');
});

test('a full door has room for one from elsewhere, in the place of the first of where most are from', () => {
  expect(roomFor({ source: 'b', since: 100 }, crowd('a', 64))).toEqual({ source: 'a', since: 0 });
  const mixed = [...crowd('b', 10), ...crowd('a', 40, 50), ...crowd('c', 14)];
  expect(roomFor({ source: 'b', since: 100 }, mixed)).toEqual({ source: 'a', since: 50 });
  const all = Array.from({ length: 64 }, (_, n) => ({ source: `s${n}`, since: 64 - n }));
  expect(roomFor({ source: 'b', since: 100 }, all)).toEqual({ source: 's63', since: 1 });
});

test('it has none for one more from there, unless the first has said nothing for 10 s', () => {
  const there = [...crowd('b', 20), ...crowd('a', 44, 50)];
  expect(roomFor({ source: 'a', since: 10_050 }, there)).toBe('no');
  expect(roomFor({ source: 'a', since: 10_051 }, there)).toEqual({ source: 'a', since: 50 });
});

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
