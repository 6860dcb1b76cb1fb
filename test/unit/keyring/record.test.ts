import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pinOf } from '../../../src/keyring/pin.ts';
import { readIndex, readRecord, writeIndex, writeRecord } from '../../../src/keyring/pin-record.ts';
import { keyOf } from '../../support/keys.ts';

const reference = 'github:octocat';
const key = keyOf('a');
const full = pinOf(undefined, {
  reference,
  keys: [key, keyOf('b')],
  now: new Date('2026-11-22T12:00:00.123Z'),
  paired: true,
  validator: 'W/"0815"',
});
const record = JSON.parse(writeRecord(full));

test('a record gives back its pin', () => {
  expect(readRecord(writeRecord(full), reference)).toEqual({ kind: 'pin', pin: full });
  const { lastPaired: _, validator: __, ...bare } = full;
  expect(readRecord(writeRecord(bare), reference)).toEqual({ kind: 'pin', pin: bare });
});

test('a record is versioned, in UTC, and holds what is public', () => {
  expect(record).toEqual({
    version: 1,
    reference,
    keys: full.keys.map(({ type, base64 }) => ({ type, base64 })),
    firstSeen: '2026-11-22T12:00:00.123Z',
    lastSeen: '2026-11-22T12:00:00.123Z',
    lastPaired: '2026-11-22T12:00:00.123Z',
    validator: 'W/"0815"',
  });
});

test.each([
  ['nothing', '', 'not-json'],
  ['cut off', writeRecord(full).slice(0, -5), 'not-json'],
  ['a list', '[]', 'wrong-shape'],
  ['null', 'null', 'wrong-shape'],
  ['too long', `${writeRecord(full)}${' '.repeat(1 << 20)}`, 'too-long'],
])('%s is no record', (_, text, problem) => {
  expect(readRecord(text, reference)).toEqual({ kind: 'unreadable', problem });
});

test.each([
  ['no version', { version: undefined }, 'other-version'],
  ['a later version', { version: 2 }, 'other-version'],
  ['a version in words', { version: '1' }, 'other-version'],
  ['another guest', { reference: 'github:eve' }, 'other-reference'],
  ['no keys', { keys: [] }, 'bad-key'],
  ['keys of another shape', { keys: { 0: key } }, 'wrong-shape'],
  ['one bad key among good ones', { keys: [...record.keys, { type: 'ssh-dss', base64: 'AAAA' }] }, 'bad-key'],
  ['a key that is a string', { keys: [`${key.type} ${key.base64}`] }, 'bad-key'],
  ['a key with a comment', { keys: [{ type: key.type, base64: `${key.base64} me` }] }, 'bad-key'],
  ['options in front', { keys: [{ type: `no-pty ${key.type}`, base64: key.base64 }] }, 'bad-key'],
  ['a newline in a key', { keys: [{ type: key.type, base64: `${key.base64}\nssh-rsa x` }] }, 'bad-key'],
  ['another type on the blob', { keys: [{ type: 'ssh-rsa', base64: key.base64 }] }, 'bad-key'],
  ['no time', { firstSeen: undefined }, 'bad-time'],
  ['a local time', { lastSeen: '2026-11-22T12:00:00+01:00' }, 'bad-time'],
  ['a day that is none', { lastSeen: '2026-13-45T12:00:00.000Z' }, 'bad-time'],
  ['a number for a time', { lastPaired: 0 }, 'bad-time'],
  ['an escape in the validator', { validator: '\u001b[2J' }, 'wrong-shape'],
  ['a long validator', { validator: 'x'.repeat(2000) }, 'wrong-shape'],
])('a record with %s is refused', (_, change, problem) => {
  expect(readRecord(JSON.stringify({ ...record, ...change }), reference)).toEqual({
    kind: 'unreadable',
    problem,
  });
});

test('no JSON and no text throws or becomes a pin', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(readRecord(text, reference).kind).toBe('unreadable');
    }),
  );
});

test('the index gives back its references, and refuses anything else', () => {
  expect(readIndex(writeIndex(['github:ada', 'gitlab:bob']))).toEqual({
    ok: true,
    references: ['github:ada', 'gitlab:bob'],
  });
  expect(readIndex('{"version":1,"references":["a",1]}')).toEqual({ ok: false, problem: 'wrong-shape' });
  expect(readIndex('{"version":9,"references":[]}')).toEqual({ ok: false, problem: 'other-version' });
});
