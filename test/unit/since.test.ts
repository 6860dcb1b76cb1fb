import { expect, test } from 'vitest';
import { parseSince } from '../../src/domain/since.ts';
import { failureOf } from '../support/failure-of.ts';

const now = new Date('2026-05-10T12:00:00Z');

test.each([
  ['90s', '2026-05-10T11:58:30.000Z'],
  ['90m', '2026-05-10T10:30:00.000Z'],
  ['12h', '2026-05-10T00:00:00.000Z'],
  ['2d', '2026-05-08T12:00:00.000Z'],
  ['3w', '2026-04-19T12:00:00.000Z'],
  ['2026-05-01T18:15Z', '2026-05-01T18:15:00.000Z'],
  ['2026-05-01T18:15:30.5+02:00', '2026-05-01T16:15:30.500Z'],
])('%s is %s', (text, wanted) => {
  expect(parseSince(text, now).toISOString()).toBe(wanted);
});

test("a day and a time without a zone are the reader's own", () => {
  expect(parseSince('2026-05-01', now)).toEqual(new Date(2026, 4, 1));
  expect(parseSince('2026-05-01T18:15', now)).toEqual(new Date(2026, 4, 1, 18, 15));
});

test.each([
  '',
  '2',
  'd',
  '-2d',
  '2 d',
  '2.5d',
  '2y',
  '1h30m',
  '999999d',
  'now',
  '2026',
  '2026-5-1',
  '2026-13-01',
  '2026-05-01T25:00',
  '2026-05-01 18:15',
  '2026-05-01Z'.repeat(2),
])('%j is no time', (text) => {
  expect(failureOf(() => parseSince(text, now))?.kind).toBe('usage');
});
