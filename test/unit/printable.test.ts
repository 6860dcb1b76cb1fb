import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../src/domain/text.ts';

test.each([
  ['plain text, with ümlauts 日本 and 🎉', 'plain text, with ümlauts 日本 and 🎉'],
  ['\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'],
  ['a\r\nb\tc\0d\x7f', 'a\\x0d\\x0ab\\x09c\\x00d\\x7f'],
  ['\x9b31m', '\\x9b31m'],
  ['user\u202egpj.exe', 'user\\u{202e}gpj.exe'],
  ['\u2066a\u2069\u200f\u061c', '\\u{2066}a\\u{2069}\\u{200f}\\u{61c}'],
  ['a\u2028b\u2029c\u200bd\ufeffe', 'a\\u{2028}b\\u{2029}c\\u{200b}d\\u{feff}e'],
])('%j is shown as %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('what is too long is cut, and says so', () => {
  expect(printable('x'.repeat(201))).toBe(`${'x'.repeat(200)}…`);
  expect(printable('x'.repeat(200))).toBe('x'.repeat(200));
  expect(printable('abcdef', 3)).toBe('abc…');
});

test('nothing that a terminal obeys or a line ends at comes through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|\p{Bidi_C}/u);
    }),
    { numRuns: 200 },
  );
});
