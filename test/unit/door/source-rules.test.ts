import { expect, test } from 'vitest';
import { sourceRules, wrapperRules } from '../../../src/door/source-rules.ts';
import type { Files } from '../../../src/shell/pam-stack.ts';

function filesOf(texts: Readonly<Record<string, string>>): Files {
  const read: Files['read'] = (path) => {
    const text = texts[path];
    return text === undefined ? 'missing' : { text };
  };
  return { read, list: () => [] };
}

test.each<[string, string, string, number | undefined]>([
  ['hosts.deny', '# sshd: ALL\n\nsshd: ALL EXCEPT 192.0.2.0/24\n', 'sshd', 3],
  ['hosts.deny', 'in.ftpd, sshd@203.0.113.1 : 192.0.2.\n', 'an address of ours', 1],
  ['hosts.deny', 'in.ftpd: \\\n ALL\nALL: PARANOID\n', 'everything', 3],
  ['hosts.deny', 'in.ftpd: ALL\nsshfs: ALL\n', 'others', undefined],
  ['hosts.allow', 'sshd: 192.0.2.\n', 'who is let in', undefined],
  ['hosts.allow', 'sshd: 192.0.2. : deny\n', 'who is refused there', 1],
])('N4: %s: %j is for %s', (name, text, _, line) => {
  const path = `/etc/${name}`;
  const found = wrapperRules(filesOf({ [path]: text }));
  expect(found).toEqual(line === undefined ? [] : [{ kind: 'source-rules', path, line }]);
});

test('N4: what pam_access reads, if sshd has PAM ask it', () => {
  const access = '/etc/security/access.conf';
  const rules = { [access]: '# + : root : ALL\n+ : ada : 192.0.2.\n- : ALL : ALL\n' };
  const asked = { ...rules, '/etc/pam.d/sshd': 'account required pam_access.so\n' };
  const found = [{ kind: 'source-rules', path: access, line: 2 }];
  expect(sourceRules(new Map([['usepam', ['yes']]]), filesOf(asked))).toEqual(found);
  expect(sourceRules(undefined, filesOf(asked))).toEqual(found);
  expect(sourceRules(new Map([['usepam', ['no']]]), filesOf(asked))).toEqual([]);
  expect(
    sourceRules(undefined, filesOf({ ...rules, '/etc/pam.d/sshd': 'account required pam_unix.so\n' })),
  ).toEqual([]);
  const other = 'account required pam_access.so accessfile=/etc/ours\n';
  const own = { '/etc/ours': '-:ALL:ALL\n', '/etc/pam.d/sshd': other };
  expect(sourceRules(undefined, filesOf(own))).toEqual([
    { kind: 'source-rules', path: '/etc/ours', line: 1 },
  ]);
  const unread: Files = {
    read: (path) => (path === access ? 'unread' : (filesOf(asked).read(path) as 'missing')),
    list: () => [],
  };
  expect(sourceRules(undefined, unread)).toEqual([{ kind: 'source-rules', path: access }]);
});

test.each<[string, string, string | undefined]>([
  ['by the host', 'required pam_succeed_if.so quiet rhost != 203.0.113.7', 'pam_succeed_if'],
  ['by a list of hosts', 'required pam_listfile.so item=rhost sense=deny file=/etc/deny', 'pam_listfile'],
  ['a program', 'required pam_exec.so /usr/local/bin/allowed', 'pam_exec'],
  ['by the country', 'required pam_geoip.so system_file=/etc/geoip.conf', 'pam_geoip'],
  ['of who knows what', '[default=die] /opt/acme/acme.so', 'acme'],
  ['by the account', 'sufficient pam_succeed_if.so uid < 1000 quiet', undefined],
  ['by its name', '[success=1 default=ignore] pam_succeed_if.so user = ada service in sshd:su', undefined],
  ['by a list of accounts', 'required pam_listfile.so item=user sense=allow file=/etc/allow', undefined],
])('N4: modules that are asked for logins by key: %s', (_, line, module) => {
  const path = '/etc/pam.d/sshd';
  const text = `auth required pam_exec.so /bin/true\n@include ours\naccount required \\\n  pam_nologin.so\naccount ${line}\n`;
  const files = filesOf({ [path]: text, '/etc/pam.d/ours': 'session required pam_exec.so /bin/true\n' });
  const found = module === undefined ? [] : [{ kind: 'source-rules', path, line: 5, module }];
  expect(sourceRules(new Map([['usepam', ['yes']]]), files)).toEqual(found);
  expect(sourceRules(undefined, files)).toEqual(found);
  expect(sourceRules(new Map([['usepam', ['no']]]), files)).toEqual([]);
});

/** As these systems come, with what they add for directory services. */
const stock: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Debian: {
    sshd: '@include common-auth\naccount    required     pam_nologin.so\n@include common-account\nsession required pam_loginuid.so\n@include common-session\n@include common-password\n',
    'common-auth': 'auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n',
    'common-account':
      'account [success=3 new_authtok_reqd=done default=ignore] pam_unix.so\naccount [success=2 new_authtok_reqd=done default=ignore] pam_winbind.so\naccount [success=1 default=ignore] pam_ldap.so\naccount requisite pam_deny.so\naccount required pam_permit.so\naccount sufficient pam_localuser.so\naccount [default=bad success=ok user_unknown=ignore] pam_sss.so\naccount required pam_krb5.so minimum_uid=1000\n',
    'common-session': 'session required pam_unix.so\nsession optional pam_systemd.so\n',
    'common-password': 'password required pam_permit.so\n',
  },
  Fedora: {
    sshd: 'auth substack password-auth\nauth include postlogin\naccount required pam_sepermit.so\naccount required pam_nologin.so\naccount include password-auth\nsession include password-auth\n',
    'password-auth':
      'auth required pam_faildelay.so delay=2000000\naccount required pam_faillock.so\naccount required pam_unix.so\naccount sufficient pam_localuser.so\naccount sufficient pam_usertype.so issystem\naccount sufficient pam_succeed_if.so uid < 1000 quiet\naccount [default=bad success=ok user_unknown=ignore] pam_sss.so\naccount required pam_permit.so\nsession optional pam_keyinit.so revoke\n-session optional pam_systemd.so\nsession [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid\n',
    postlogin: 'session optional pam_umask.so silent\n',
  },
  Arch: {
    sshd: 'auth include system-remote-login\naccount include system-remote-login\n',
    'system-remote-login': 'account include system-login\n',
    'system-login':
      'account required pam_access.so\naccount required pam_nologin.so\naccount include system-auth\n',
    'system-auth':
      '-account [success=1 default=ignore] pam_systemd_home.so\naccount required pam_unix.so\naccount optional pam_permit.so\naccount required pam_time.so\n',
  },
  macOS: {
    sshd: 'auth required pam_opendirectory.so use_first_pass\naccount required pam_nologin.so\naccount required pam_sacl.so sacl_service=ssh\naccount required pam_opendirectory.so\nsession optional pam_launchd.so\n',
  },
};

test.each(Object.entries(stock))('N4: no word about what %s comes with', (_, texts) => {
  const files = Object.entries(texts).map(([name, text]) => [`/etc/pam.d/${name}`, text] as const);
  expect(sourceRules(undefined, filesOf(Object.fromEntries(files)))).toEqual([]);
});

test('N4: a file of PAM that can not be read', () => {
  const path = '/etc/pam.d/sshd';
  const files: Files = { read: (one) => (one === path ? 'unread' : 'missing'), list: () => [] };
  expect(sourceRules(undefined, files)).toEqual([{ kind: 'source-rules', path }]);
});
