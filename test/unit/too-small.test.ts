import { expect, test } from 'vitest';
import { endsByTooSmall } from '../../src/room/too-small.ts';

test.each([
  ['3.2', false],
  ['3.3a', false],
  ['3.7c', false],
  ['3.8', true],
  ['next-3.8', true],
  ['3.10a', true],
  ['4.0', true],
  ['master', true],
])('whether tmux %s would end by a client that is too small: %s', (version, ends) => {
  expect(endsByTooSmall(version)).toBe(ends);
});
