import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../../src/door/sshd-settings.ts';
import { loginEnvironment, plainEnvironment } from '../../../src/shell/login-environment.ts';
import type { Files } from '../../../src/shell/pam-stack.ts';

const ada = { name: 'ada', uid: 999_999, home: '/home/ada', shell: '/bin/zsh' };

/** `undefined` for a file that may not be read. */
function disk(files: Readonly<Record<string, string | undefined>>): Files {
  return {
    read: (path) => {
      if (!Object.hasOwn(files, path)) return 'missing';
      const text = files[path];
      return text === undefined ? 'unread' : { text };
    },
    list: (path) =>
      Object.keys(files).flatMap((file) => (file.startsWith(`${path}/`) ? file.slice(path.length + 1) : [])),
  };
}

/** Of Debian 12, shortened. */
const debian = {
  '/etc/pam.d/sshd': `
@include common-auth
account required pam_nologin.so
session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so close
@include common-session
session required pam_env.so # [1]
session required pam_env.so user_readenv=1 envfile=/etc/default/locale
`,
  '/etc/pam.d/common-auth': `
auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
`,
  '/etc/pam.d/common-session': 'session [default=1] pam_permit.so\nsession optional pam_systemd.so\n',
};

const usePam = 'usepam yes\n';
const given = (settings: string, files: Parameters<typeof disk>[0]) =>
  loginEnvironment(ada, parseSettings(settings), disk(files));

describe('what sshd sets itself', () => {
  test('is the account’s, and what SetEnv says counts', () => {
    const { entries, accepts } = given(
      'setenv HOME=/srv/h\nsetenv A=b c\nacceptenv LANG\nacceptenv LC_*\n',
      {},
    );
    expect(entries).toEqual(
      expect.arrayContaining(['USER=ada', 'SHELL=/bin/zsh', 'MAIL=/var/mail/ada', 'A=b c']),
    );
    expect(entries.filter((entry) => entry.startsWith('HOME='))).toEqual(['HOME=/srv/h']);
    const names = entries.map((entry) => entry.replace(/=.*/, ''));
    expect(names).toEqual(expect.arrayContaining(['SSH_CLIENT', 'SSH_CONNECTION', 'PATH', 'LOGNAME']));
    expect(accepts).toEqual(['LANG', 'LC_*']);
  });

  test('of our own sshd, nobody adds to', () => {
    const { entries, accepts } = plainEnvironment(ada, ['HOME=/run/empty', 'SHLVL=1']);
    expect(entries).toEqual(expect.arrayContaining(['HOME=/run/empty', 'SHLVL=1']));
    expect(accepts).toEqual([]);
  });

  test.each([
    ['yes', ['ZDOTDIR=/x', 'A=1']],
    ['A*,B*', ['A=1']],
    ['no', []],
  ])('PermitUserEnvironment %s: of the user’s file %j counts', (value, expected) => {
    const files = { '/home/ada/.ssh/environment': '# mine\n  ZDOTDIR=/x\nA=1\nnothing\n' };
    const { entries, files: read } = given(`permituserenvironment ${value}\n`, files);
    expect(entries.filter((entry) => /^(ZDOTDIR|A)=/.test(entry))).toEqual(expected);
    expect(read).toEqual(value === 'no' ? [] : ['/home/ada/.ssh/environment']);
  });
});

describe('what PAM sets', () => {
  test('counts where sshd uses it, or that is not known, and less than SetEnv', () => {
    const files = { ...debian, '/etc/environment': 'ZDOTDIR=/srv/z\n' };
    expect(given(usePam, files).entries).toContain('ZDOTDIR=/srv/z');
    expect(given('usepam no\n', files).entries).not.toContain('ZDOTDIR=/srv/z');
    expect(given('port 22\n', files).entries).not.toContain('ZDOTDIR=/srv/z');
    expect(loginEnvironment(ada, undefined, disk(files)).entries).toContain('ZDOTDIR=/srv/z');
    const both = given(`${usePam}setenv ZDOTDIR=/srv/s\n`, files).entries;
    expect(both.filter((entry) => entry.startsWith('ZDOTDIR='))).toEqual(['ZDOTDIR=/srv/s']);
  });

  test.each([
    ['ZDOTDIR=/srv/z', '/srv/z'],
    ['export ZDOTDIR="/srv/z z" # mine', '/srv/z z'],
    ["ZDOTDIR='/srv/z'", '/srv/z'],
    ['ZDOTDIR=/srv\\\n/z', '/srv/z'],
    ['ZDOTDIR=/srv/z\nZDOTDIR', undefined],
    ['#ZDOTDIR=/srv/z', undefined],
    ['ZD-OTDIR=/srv/z', undefined],
  ])('/etc/environment %j', (text, value) => {
    const { entries, unsure } = given(usePam, { ...debian, '/etc/environment': `${text}\n` });
    expect(entries.find((entry) => entry.startsWith('ZDOTDIR='))).toBe(value && `ZDOTDIR=${value}`);
    expect(unsure).toEqual([]);
  });

  test.each([
    ['ZDOTDIR DEFAULT=/srv/z', '/srv/z'],
    ['ZDOTDIR\tDEFAULT="/srv/z z" OVERRIDE=', '/srv/z z'],
    ['ZDOTDIR DEFAULT=/srv/a OVERRIDE=@{HOME}/z', '/home/ada/z'],
    ['ZDOTDIR DEFAULT=/srv/a OVERRIDE=@{PAM_RUSER}', '/srv/a'],
    ['A DEFAULT=/srv\nZDOTDIR DEFAULT=${A}/@{PAM_USER}', '/srv/ada'],
    ['ZDOTDIR DEFAULT=\\$x', '$x'],
    ['ZDOTDIR=/srv/z', '/srv/z'],
    ['ZDOTDIR=/srv/z\nZDOTDIR', undefined],
    ['ZDOTDIR DEFAULT=/srv/z OTHER=x', undefined],
  ])('the table and the user’s table: %j', (text, value) => {
    for (const path of ['/etc/security/pam_env.conf', '/home/ada/.pam_environment']) {
      const { entries, unsure, files } = given(usePam, { ...debian, [path]: `# one\n${text}\n` });
      expect(entries.find((entry) => entry.startsWith('ZDOTDIR='))).toBe(value && `ZDOTDIR=${value}`);
      expect(unsure).toEqual([]);
      expect(files).toContain(path);
    }
  });

  test('of other files and services, as the lines say', () => {
    const line = 'auth required pam_env.so conffile=/srv/table readenv=0 user_readenv=0\n';
    const files = {
      '/etc/pam.d/mine': `auth include parts\nsession required pam_unix.so\n`,
      '/etc/pam.d/parts': `${line}session required pam_env.so envfile=/srv/session\n`,
      '/srv/table': 'BASH_ENV DEFAULT=/srv/b\n',
      '/srv/session': 'ENV=/srv/e\n',
      '/etc/environment': 'ZDOTDIR=/srv/z\n',
      '/home/ada/.pam_environment': 'ZDOTDIR=/srv/u\n',
    };
    const { entries, unsure } = given(`${usePam}pamservicename mine\n`, files);
    expect(entries.filter((entry) => /^(BASH_ENV|ENV|ZDOTDIR)=/.test(entry))).toEqual(['BASH_ENV=/srv/b']);
    expect(unsure).toEqual([]);
    const other = { '/etc/pam.d/other': 'session required pam_env.so\n', '/etc/environment': 'ENV=/e\n' };
    expect(given(usePam, other).entries).toContain('ENV=/e');
  });

  test.each([
    [
      'a module that is not known',
      { '/etc/pam.d/sshd': 'session optional pam_acme.so\n' },
      'pam_acme in /etc/pam.d/sshd',
    ],
    ['a file of PAM that may not be read', { '/etc/pam.d/sshd': undefined }, '/etc/pam.d/sshd'],
    ['variables that may not be read', { ...debian, '/etc/environment': undefined }, '/etc/environment'],
    [
      'a table that may not be read',
      { ...debian, '/etc/security/pam_env.conf': undefined },
      '/etc/security/pam_env.conf',
    ],
    [
      'a variable of nobody knows whom',
      { ...debian, '/etc/security/pam_env.conf': 'ZDOTDIR DEFAULT=${HOME}/z\n' },
      '/etc/security/pam_env.conf',
    ],
    ['more tables', { ...debian, '/etc/security/pam_env.conf.d/a.conf': '' }, '/etc/security/pam_env.conf.d'],
    ['quotes within', { ...debian, '/etc/environment': 'ZDOTDIR=/a"b"\n' }, '/etc/environment'],
    ['a record of the user’s', { ...debian, '/etc/userdb/ada.user': '{}' }, '/etc/userdb/ada.user'],
    [
      'a line that may be jumped over',
      {
        '/etc/pam.d/sshd':
          'session [success=1 default=ignore] pam_succeed_if.so\nsession required pam_env.so\n',
        '/etc/environment': 'ENV=/e\n',
      },
      'pam_env in /etc/pam.d/sshd',
    ],
    ['a circle', { '/etc/pam.d/sshd': '@include sshd\n' }, '/etc/pam.d/sshd'],
  ])('%s is not taken for nothing', (_, files, cause) => {
    expect(given(usePam, files).unsure).toEqual([cause]);
    expect(given('usepam no\n', files).unsure).toEqual([]);
  });

  test('what no shell obeys is no reason for doubt', () => {
    const table = 'DISPLAY DEFAULT=${REMOTEHOST}:0.0 OVERRIDE=${DISPLAY}\n';
    expect(given(usePam, { ...debian, '/etc/security/pam_env.conf': table }).unsure).toEqual([]);
  });
});
