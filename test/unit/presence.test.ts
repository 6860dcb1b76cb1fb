import { expect, test } from 'vitest';
import { vanished } from '../../src/lease/presence.ts';
import { thisProcess } from '../../src/lease/process.ts';

const { pid, start } = thisProcess();

function record(n: number, parent = `${pid},${start}`): string {
  return `ssh,ada,1,${parent},${n},1,192.0.2.7`;
}

test('what is gone from the folder counts, once, as long as its connection lives', () => {
  const group = `con,,,${pid},${start},${pid},${start},`;
  expect(vanished([record(1), record(2)], [])).toEqual([record(1)]);
  expect(vanished([group, record(1)], [])).toEqual([group]);
  expect(vanished([record(1)], [record(2)])).toEqual([]);
  expect(vanished([record(1, `${pid},1`), record(2, '4194304,1')], [])).toEqual([]);
});
