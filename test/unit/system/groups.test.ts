import { describe, expect, test } from 'vitest';
import { othersIn } from '../../../src/system/groups.ts';

const passwd = `root:x:0:0:root:/root:/bin/bash
ada:x:1000:1000::/home/ada:/bin/bash
ada2:x:1000:1000:the same number:/home/ada:/bin/sh
bob:x:1001:1001::/home/bob:/bin/bash
cyd:x:1002:100::/home/cyd:/bin/bash
`;
const group = `root:x:0:
users:x:100:
ada:x:1000:
team:x:2000:ada,bob
mine:x:2001:ada,root
ghosts:x:2002:nobody-knows
empty:x:2003:
`;
const nsswitch = 'passwd: files systemd\ngroup: files [SUCCESS=merge] systemd\nhosts: files dns\n';

describe('S6: others in a group, for ada', () => {
  test.each<[string, number, boolean]>([
    ['their own', 1000, false],
    ['one that is theirs and root’s', 2001, false],
    ['one without members', 2003, false],
    ['root’s', 0, false],
    ['another account’s own', 1001, true],
    ['the primary group of somebody', 100, true],
    ['one with a member', 2000, true],
    ['one with a member who has no entry', 2002, true],
    ['one that has no entry', 4711, true],
  ])('%s', (_, gid, others) => {
    expect(othersIn({ passwd, group, nsswitch }, gid, 1000)).toBe(others);
  });

  test.each<[string, Partial<Parameters<typeof othersIn>[0]>, boolean]>([
    ['no nsswitch.conf: the files are all', { nsswitch: undefined }, false],
    ['a directory service for groups', { nsswitch: 'passwd: files\ngroup: files sss\n' }, true],
    ['a directory service for accounts', { nsswitch: 'passwd: compat ldap\ngroup: files\n' }, true],
    [
      'a directory service for other things',
      { nsswitch: 'passwd: compat\nsudoers: files sss # passwd: sss' },
      false,
    ],
    ['entries of NIS', { passwd: `${passwd}+::::::\n` }, true],
    ['groups of NIS', { group: `${group}+:::\n` }, true],
    ['no files', { passwd: undefined }, true],
  ])('their own, with %s', (_, files, others) => {
    expect(othersIn({ passwd, group, nsswitch, ...files }, 1000, 1000)).toBe(others);
  });
});
