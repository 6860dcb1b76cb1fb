import { expect, test } from 'vitest';
import type { Files } from '../../../src/door/pam-stack.ts';
import { sourceRules, wrapperRules } from '../../../src/door/source-rules.ts';

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
