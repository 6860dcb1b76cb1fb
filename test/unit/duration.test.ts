import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { longestSeconds, parseDuration, showDuration } from '../../src/domain/duration.ts';
import { failureOf } from '../support/failure-of.ts';

test.each([
  ['90s', 90],
  ['30m', 1800],
  ['1h30m', 5400],
  ['2d', 172_800],
  ['1d1h1m1s', 90_061],
  ['1h90m', 9000],
  ['007m', 420],
  ['0h30m', 1800],
  ['7d', longestSeconds],
  ['604800s', longestSeconds],
])('%s is %i seconds', (text, seconds) => {
  expect(parseDuration(text, '--ttl')).toBe(seconds);
});

test.each([
  ['', 'is not a duration', '90s'],
  ['0', 'is not a duration', '0m'],
  ['90', 'is not a duration', '90m or 90s'],
  ['-1', 'is not a duration', '90s'],
  ['-5m', 'is not a duration', '90s'],
  ['+5m', 'is not a duration', '90s'],
  ['1y', 'is not a duration', '90s'],
  ['1e99', 'is not a duration', '90s'],
  ['1.5h', 'is not a duration', '90s'],
  ['0x10m', 'is not a duration', '90s'],
  ['30 m', 'is not a duration', '90s'],
  [' 30m', 'is not a duration', '90s'],
  ['30m\n', 'is not a duration', '90s'],
  ['30M', 'is not a duration', '90s'],
  ['30m1h', 'is not a duration', '90s'],
  ['5m5m', 'is not a duration', '90s'],
  ['٣m', 'is not a duration', '90s'],
  ['1234567s', 'is not a duration', '90s'],
  ['9'.repeat(400), 'is not a duration', '90s'],
  ['0s', 'is over before it begins', '90s'],
  ['0d0h0m0s', 'is over before it begins', '90s'],
  ['7d1s', 'is too long', '7d'],
  ['999999d', 'is too long', '7d'],
])('%j is refused', (text, problem, hint) => {
  const failure = failureOf(() => parseDuration(text, '--ttl'));
  expect(failure).toMatchObject({ kind: 'usage' });
  expect(failure).toHaveProperty('problem', expect.stringContaining(problem));
  expect(failure).toHaveProperty('problem', expect.stringContaining('--ttl'));
  expect(failure).toHaveProperty('hint', expect.stringContaining(hint));
});

test('any text is a duration within the bounds, or a usage failure', () => {
  const likely = fc.string({ unit: fc.constantFrom(...'0123456789dhms -+.eé'), maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(likely, fc.string()), (text) => {
      let seconds = 1;
      const failure = failureOf(() => {
        seconds = parseDuration(text, '--ttl');
      });
      expect(failure?.kind ?? 'usage').toBe('usage');
      expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= longestSeconds).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

describe('shown', () => {
  test.each([
    [-5, '0s'],
    [0, '0s'],
    [0.4, '0s'],
    [59.6, '1m'],
    [90, '1m30s'],
    [3599, '59m59s'],
    [14_400, '4h'],
    [5400, '1h30m'],
    [90_061, '1d1h'],
    [86_459, '1d59s'],
  ])('%d as %s', (seconds, text) => {
    expect(showDuration(seconds)).toBe(text);
  });

  test('what is shown reads as the same, to the second largest unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: longestSeconds }), (seconds) => {
        const read = parseDuration(showDuration(seconds), '--ttl');
        expect(read).toBeLessThanOrEqual(seconds);
        expect(seconds - read).toBeLessThan(seconds >= 86_400 ? 3600 : 60);
      }),
    );
  });
});
