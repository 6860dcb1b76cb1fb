import { expect, test } from 'vitest';
import { Respite } from '../../../src/pairing/respite.ts';

test('S20: a guest whose questions come to nothing is asked about less and less often, and others as ever', () => {
  let now = 0;
  const respite = new Respite(() => now);
  const pauses: number[] = [];
  for (let round = 0; round < 9; round++) {
    respite.strike('bob');
    const since = now;
    while (respite.isOn('bob')) now += 500;
    pauses.push(now - since);
    expect(respite.isOn('ada')).toBe(false);
  }
  expect(pauses).toEqual([0, 5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
});

test('all is forgotten once the guest is let in, or has long been silent', () => {
  let now = 0;
  const respite = new Respite(() => now);
  for (let round = 0; round < 3; round++) respite.strike('bob');
  respite.clear('bob');
  respite.strike('bob');
  expect(respite.isOn('bob')).toBe(false);
  respite.strike('bob');
  expect(respite.isOn('bob')).toBe(true);
  now += 900_000;
  respite.strike('bob');
  expect(respite.isOn('bob')).toBe(false);
});
