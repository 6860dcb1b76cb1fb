import { expect, test } from 'vitest';
import { remountFor } from '../../../src/door/terminals.ts';

const groups = 'root:x:0:\ntty:x:5:\nada:x:1000:\n';
const mounted = (options: string) => `proc /proc proc rw 0 0\ndevpts /dev/pts devpts ${options} 0 0\n`;
const mend = 'mount -o remount,gid=5,mode=620 /dev/pts';

test.each([
  ['rw,nosuid,gid=5,mode=620,ptmxmode=000', [1000], undefined],
  ['rw,mode=600,ptmxmode=000', [1000], mend],
  ['rw,gid=50,mode=620', [1000], mend],
  ['rw,mode=600', [1000, 5], undefined],
  ['rw,mode=600', [5], undefined],
])('%s, with groups %j: %s', (options, own, wanted) => {
  expect(remountFor(mounted(options), groups, own)).toBe(wanted);
});

test('of two mounts the last one counts, and where no group is called tty none is wanted', () => {
  expect(remountFor(mounted('rw') + mounted('rw,gid=5'), groups, [1000])).toBeUndefined();
  expect(remountFor(mounted('rw,gid=5') + mounted('rw'), groups, [1000])).toBe(mend);
  expect(remountFor(mounted('rw'), 'root:x:0:\n', [1000])).toBeUndefined();
  expect(remountFor('', groups, [1000])).toBeUndefined();
  expect(remountFor(mounted('rw'), 'tty:x:99:\n', [1000])).toBe('mount -o remount,gid=99,mode=620 /dev/pts');
});
