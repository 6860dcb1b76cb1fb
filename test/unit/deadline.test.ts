import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deadlineIn, secondsLeft, warningsFor } from '../../src/domain/deadline.ts';

const start = { epoch: 1_800_000_000.25, sinceBoot: 5000.75 };

test('a whole second of the wall clock, never early, the same instant on both clocks', () => {
  expect(deadlineIn(60, start)).toEqual({ epoch: 1_800_000_061, sinceBoot: 5061.5 });
  expect(secondsLeft(deadlineIn(60, start), start)).toBeGreaterThanOrEqual(60);
  expect(secondsLeft(deadlineIn(60, start), start)).toBeLessThan(61);
});

describe('a clock that is set', () => {
  const deadline = deadlineIn(60, start);
  const after = (seconds: number, step = 0) => ({
    epoch: start.epoch + seconds + step,
    sinceBoot: start.sinceBoot + seconds,
  });

  test.each([
    ['not at all', 0, 59, true],
    ['not at all', 0, 62, false],
    ['back an hour', -3600, 59, true],
    ['back an hour', -3600, 62, false],
    ['forth an hour', 3600, 1, false],
    ['forth ten seconds', 10, 45, true],
    ['forth ten seconds', 10, 52, false],
  ])('%s: after %i and %i seconds', (_, step, seconds, isLeft) => {
    expect(secondsLeft(deadline, after(seconds, step)) > 0).toBe(isLeft);
  });

  test('never gives more time than was meant, whatever the steps', () => {
    const steps = fc.array(fc.record({ seconds: fc.nat(40), step: fc.integer({ min: -1e9, max: 1e9 }) }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 604_800 }), steps, (ttl, all) => {
        const end = deadlineIn(ttl, start);
        let now = start;
        for (const { seconds, step } of all) {
          now = { epoch: now.epoch + seconds + step, sinceBoot: now.sinceBoot + seconds };
          expect(secondsLeft(end, now)).toBeLessThan(ttl + 1 - (now.sinceBoot - start.sinceBoot) + 1e-3);
        }
      }),
    );
  });
});

test.each([
  [4 * 3600, [600, 60]],
  [601, [600, 60]],
  [600, [60]],
  [61, [60]],
  [60, [6]],
  [10, [1]],
  [1, [0.1]],
])('of %i seconds, warnings come at %j', (total, warnings) => {
  expect(warningsFor(total)).toEqual(warnings);
});
