import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { accountIn, thisAccount } from '../../src/system/account.ts';

const passwd = `root:x:0:0:root:/root:/bin/bash

# a comment
odd
ada:x:1000:1000:Ada, of 1001:/home/ada:/bin/zsh
bob:x:1001:1001::/home/bob:
cyd:x:1000:1000:the same number:/home/cyd:/bin/sh
`;

test.each<[number, object | undefined]>([
  [0, { name: 'root', uid: 0, home: '/root', shell: '/bin/bash' }],
  [1000, { name: 'ada', uid: 1000, home: '/home/ada', shell: '/bin/zsh' }],
  [1001, { name: 'bob', uid: 1001, home: '/home/bob', shell: '' }],
  [7, undefined],
])('user %i, in entries as passwd(5) has them', (uid, account) => {
  expect(accountIn(passwd, uid)).toEqual(account);
});

test('as macOS has them', () => {
  const entry = 'ada:********:501:20::0:0:Ada Lovelace:/Users/ada:/bin/zsh\n';
  expect(accountIn(entry, 501)).toEqual({ name: 'ada', uid: 501, home: '/Users/ada', shell: '/bin/zsh' });
});

test('this one is what the system says', () => {
  const { uid, homedir } = userInfo();
  const name = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  expect(thisAccount()).toMatchObject({ name, uid, home: homedir });
  expect(accountIn(execFileSync('getent', ['passwd', String(uid)], { encoding: 'utf8' }), uid)).toEqual(
    thisAccount(),
  );
});
