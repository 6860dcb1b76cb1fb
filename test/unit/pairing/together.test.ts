import { expect, test } from 'vitest';
import { together } from '../../../src/pairing/together.ts';

function clocked() {
  let at = 0;
  const say = together(() => at);
  return (ms: number, text: string, forAll = false) => {
    at = ms;
    return say(text, forAll);
  };
}

test('R8: what was said a moment ago stands behind what comes next, whatever that is', () => {
  const say = clocked();
  expect(say(0, 'ada has joined')).toBe('ada has joined');
  expect(say(10, 'your guest types: ssh me@here')).toBe('your guest types: ssh me@here; ada has joined');
  expect(say(900, 'bob has joined')).toBe('bob has joined; your guest types: ssh me@here; ada has joined');
});

test('no more than three, none that has been there for a second', () => {
  const say = clocked();
  for (const [index, text] of ['a', 'b', 'c'].entries()) say(index, text);
  expect(say(3, 'd')).toBe('d; c; b');
  expect(say(1002, 'e')).toBe('e; d');
  expect(say(3000, 'f')).toBe('f');
});

test('what guests see, too, is said alone, and nothing of the host’s stands behind it', () => {
  const say = clocked();
  say(0, 'ada has joined');
  expect(say(10, '5m left', true)).toBe('5m left');
  expect(say(20, 'ada has left')).toBe('ada has left');
});
