import { expect, test } from 'vitest';
import { isLeaseId, isOfMachine, newLeaseId } from '../../src/domain/lease-id.ts';

test('ids are 12 letters, all different, and name their machine', () => {
  const ids = Array.from({ length: 500 }, () => newLeaseId('here'));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !isLeaseId(id) || !isOfMachine(id, 'here'))).toEqual([]);
  expect(ids.filter((id) => isOfMachine(id, 'there'))).toEqual([]);
  expect(new Set(ids.map((id) => id.slice(0, 4))).size).toBe(1);
});

test.each([
  '',
  'abcdefghijk',
  'abcdefghijklm',
  'Abcdefghijkl',
  'abcdefghijk1',
  'abcdefghijk/',
  'abcdefghijkl\n',
])('%j is no id', (text) => {
  expect(isLeaseId(text)).toBe(false);
});
