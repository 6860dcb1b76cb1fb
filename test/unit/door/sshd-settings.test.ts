import { expect, test } from 'vitest';
import { isStrict, obstaclesFor, parseSettings } from '../../../src/door/sshd-settings.ts';

const ada = { name: 'ada', uid: 1000, home: '/home/ada', groups: ['ada', 'staff'] };
const keyFile = '/home/ada/.ssh/authorized_keys';

/** As `sshd -T` of OpenSSH 9.2 prints it, in part. */
const usual = `port 22
addressfamily any
listenaddress 0.0.0.0:22
strictmodes yes
pubkeyauthentication yes
permitrootlogin without-password
permittty yes
forcecommand none
authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2
authenticationmethods any
`;

const obstaclesIn = (settings: ReturnType<typeof parseSettings>, account: typeof ada, file: string) =>
  obstaclesFor([{ settings }], account, file);
const kinds = (text: string, account = ada, file = keyFile) =>
  obstaclesIn(parseSettings(usual + text), account, file).map(({ kind }) => kind);
const changed = (from: string, to: string) =>
  obstaclesIn(parseSettings(usual.replace(from, to)), ada, keyFile).map(({ kind }) => kind);

test('what an sshd says by default is no obstacle, and neither is silence', () => {
  expect(kinds('')).toEqual([]);
  expect(obstaclesIn(parseSettings(''), ada, keyFile)).toEqual([]);
  expect(isStrict(parseSettings(''))).toBe(true);
  expect(isStrict(parseSettings('strictmodes no\n'))).toBe(false);
});

test.each([
  ['pubkeyauthentication yes', 'pubkeyauthentication no', ['keys-off']],
  ['permittty yes', 'permittty no', ['no-terminals']],
  ['forcecommand none', 'forcecommand /bin/date -u', ['forced-command']],
  ['permittty yes', 'permittty yes\nchrootdirectory /srv/%u', ['chroot']],
  ['permittty yes', 'permittty yes\nchrootdirectory none', []],
  ['authenticationmethods any', 'authenticationmethods publickey,password', ['other-methods']],
  ['authenticationmethods any', 'authenticationmethods publickey,password publickey', []],
  ['permitrootlogin without-password', 'permitrootlogin no', []],
])('%s as %s: %j', (from, to, found) => {
  expect(changed(from, to)).toEqual(found);
});

test('root is kept out by PermitRootLogin alone', () => {
  const root = { name: 'root', uid: 0, home: '/root', groups: ['root'] };
  const settings = parseSettings(usual.replace('without-password', 'no'));
  expect(obstaclesIn(settings, root, '/root/.ssh/authorized_keys')).toEqual([{ kind: 'root-refused' }]);
});

test.each([
  ['.ssh/authorized_keys', true],
  ['%h/.ssh/authorized_keys', true],
  ['/home/%u/.ssh/authorized_keys /etc/keys/%u', true],
  ['/home/ada/.ssh/../.ssh/authorized_keys2', false],
  ['/etc/keys/%u', false],
  ['/etc/100%%/%U', false],
  ['none', false],
])('AuthorizedKeysFile %s reads the account’s file: %s', (file, reads) => {
  const found = changed('.ssh/authorized_keys .ssh/authorized_keys2', file);
  expect(found).toEqual(reads ? [] : ['other-key-file']);
});

test('its tokens are told expanded', () => {
  const settings = parseSettings('authorizedkeysfile /etc/keys/%u/%U-%% keys\n');
  expect(obstaclesIn(settings, ada, keyFile)).toEqual([
    { kind: 'other-key-file', files: ['/etc/keys/ada/1000-%', '/home/ada/keys'] },
  ]);
});

test.each([
  ['allowusers ada\n', []],
  ['allowusers bob\nallowusers ad?\n', []],
  ['allowusers bob eve\n', ['user-refused']],
  ['allowusers ada@192.0.2.*\n', ['hosts-limited']],
  ['allowusers ada@192.0.2.* ada\n', []],
  ['allowusers a.a\n', ['user-refused']],
  ['denyusers *\n', ['user-refused']],
  ['denyusers bob\n', []],
  ['allowgroups staff\n', []],
  ['allowgroups wheel sudo\n', ['user-refused']],
  ['denygroups sta*\n', ['user-refused']],
])('%j: %j', (text, found) => {
  expect(kinds(text)).toEqual(found);
});

test.each([
  ['authorizedkeyscommand none\nauthorizedkeyscommanduser none\n', []],
  ['authorizedkeyscommand /usr/bin/sss_ssh_authorizedkeys %u\n', ['keys-command']],
  ['trustedusercakeys none\n', []],
  ['trustedusercakeys /etc/ssh/ca.pub\n', ['user-ca']],
  ['maxsessions 0\n', ['all-refused']],
  ['maxauthtries 0\n', ['all-refused']],
  ['maxauthtries 2\n', ['few-tries']],
  ['maxauthtries 4\n', []],
  ['refuseconnection yes\n', ['all-refused']],
])('%j: %j', (text, found) => {
  expect(kinds(text)).toEqual(found);
});

test.each([
  ['LANG LC_*', []],
  ['LANG LC_CTYPE LANGUAGE LC_PAPER XMODIFIERS COLORTERM NO_COLOR GIT_PROTOCOL', []],
  ['*', ['*']],
  ['LANG\nacceptenv L*\nacceptenv LC_ALL', ['L*']],
  ['BASH_ENV', ['BASH_ENV']],
  ['LC_*\nacceptenv LD_*', ['LD_*']],
  ['?C_*', ['?C_*']],
])('AcceptEnv %s lets a guest set %j', (value, names) => {
  const found = obstaclesFor([{ settings: parseSettings(`acceptenv ${value}\n`) }], ada, keyFile);
  expect(found).toEqual(names.length === 0 ? [] : [{ kind: 'guest-environment', names }]);
});

test('what holds for some alone is told with the line that makes it hold, what holds for all is told once', () => {
  const when = 'Match Address 10.0.0.0/8';
  const outlooks = [
    { settings: parseSettings(`${usual}trustedusercakeys /ca\n`) },
    { settings: parseSettings(`${usual}trustedusercakeys /ca\nauthorizedkeyscommand /bin/keys\n`), when },
  ];
  expect(obstaclesFor(outlooks, ada, keyFile)).toEqual([
    { kind: 'user-ca', path: '/ca' },
    { kind: 'keys-command', command: '/bin/keys', when },
  ]);
});

test('a pattern among the files of keys is taken for one', () => {
  expect(changed('.ssh/authorized_keys .ssh/authorized_keys2', '.ssh/*_keys')).toEqual([]);
  expect(changed('.ssh/authorized_keys .ssh/authorized_keys2', '.ssh/*.pub')).toEqual(['other-key-file']);
});
