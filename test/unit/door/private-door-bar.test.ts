import { expect, test } from 'vitest';
import { accountBar } from '../../../src/door/private-door-bar.ts';

const passwd = 'root:x:0:0::/root:/bin/sh\nme:!:1000:1000::/home/me:/bin/sh\n';
const today = 20_000.5;

test.each([
  ['a password', 'root:$y$j9T$x:19000:0:99999:7:::', undefined],
  ['none that can be given', 'root:*:19000:0:99999:7:::', undefined],
  ['no password at all', 'root::19000:0:99999:7:::', undefined],
  ['never set', 'root:!:19000:0:99999:7:::', 'locked'],
  ['locked', 'toor:*:1::::::\nroot:!$y$j9T$x:19000:0:99999:7:::', 'locked'],
  ['as Fedora has it', 'root:!*:19000:0:99999:7:::', 'locked'],
  ['a mark of other systems', 'root:*LK*:19000:0:99999:7:::', undefined],
  ['good for today', 'root:*:19000:0:99999:7::20000:', undefined],
  ['until yesterday', 'root:*:19000:0:99999:7::19999:', 'expired'],
  ['until the first day', 'root:*:19000:0:99999:7::0:', 'expired'],
  ['somebody else locked', 'rooty:!:19000:0:99999:7:::', undefined],
  ['shadow unread', '', undefined],
])('root: %s', (_, shadow, why) => {
  expect(accountBar('root', shadow, passwd, today)).toBe(why);
});

test('the password file has it where the other can not be read, or does not know the account', () => {
  expect(accountBar('me', '', passwd, today)).toBe('locked');
  expect(accountBar('me', 'root:*:1::::::', passwd, today)).toBe('locked');
  expect(accountBar('me', 'me:*:1::::::', passwd, today)).toBeUndefined();
});
