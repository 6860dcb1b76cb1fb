import { expect, test } from 'vitest';
import { theirNames } from '../../../src/shell/guest-variables.ts';

test('names to try: those that are known, that sshd names, and that files look at', () => {
  const sources = { entries: ['HOME=/home/ada', 'LC_TIME=C'], accepts: ['LANG', 'LC_*', 'NO_COLOR'] };
  const names = theirNames(sources, ['[ "$LC_MINE" = x ]; echo $OTHER']);
  expect(names).toEqual(expect.arrayContaining(['TERM', 'LANG', 'LC_CTYPE', 'LC_MINE', 'NO_COLOR']));
  for (const name of ['OTHER', 'LC_TIME', 'HOME', 'LC_']) expect(names).not.toContain(name);
  expect(theirNames({ entries: [], accepts: [] }, ['LC_ALL'])).toEqual(['TERM', 'SSH_ORIGINAL_COMMAND']);
});
