import { expect, test } from 'vitest';
import { isDecidedHere } from '../../../src/shell/login-files.ts';
import type { Files } from '../../../src/shell/pam-stack.ts';

const pam = new Map([['usepam', ['yes']]]);

function filesOf(texts: Readonly<Record<string, string>>): Files {
  return {
    read: (path) => {
      const text = texts[path];
      return text === undefined ? 'missing' : { text };
    },
    list: () => [],
  };
}

const common =
  'account [success=1 default=ignore] pam_unix.so\naccount requisite pam_deny.so\naccount required pam_permit.so\n';

test.each<[string, string, boolean]>([
  ['files of this machine', '', true],
  ['a directory service', 'account [default=bad success=ok user_unknown=ignore] pam_sss.so\n', false],
  ['the hour', 'account required pam_time.so\n', false],
  ['a module that nobody knows', 'account required pam_ours.so\n', false],
  ['a file that is not there', 'account include nowhere\n', true],
  ['a session that asks others', 'session optional pam_sss.so\n', true],
])('a login that may be refused by %s', (_, more, isHere) => {
  const files = filesOf({
    '/etc/pam.d/sshd': `@include common-account\n${more}`,
    '/etc/pam.d/common-account': common,
  });
  expect(isDecidedHere(pam, files)).toBe(isHere);
});

test('what can’t be read may ask others; an sshd without PAM asks nobody', () => {
  const unread: Files = { read: () => 'unread', list: () => [] };
  expect(isDecidedHere(pam, unread)).toBe(false);
  expect(isDecidedHere(undefined, unread)).toBe(false);
  expect(isDecidedHere(new Map([['usepam', ['no']]]), unread)).toBe(true);
});
