import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configIn, readConfigFile } from '../../../src/door/config-file.ts';
import { mayAllow, namedKeyFiles, specsFor } from '../../../src/door/match-specs.ts';

const folder = mkdtempSync(join(tmpdir(), 'tmuxpair-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ada = { name: 'ada' };
let made = 0;
function write(text: string): string {
  const path = join(folder, `c${made++}`);
  writeFileSync(path, text);
  return path;
}
const keywords = (text: string) => readConfigFile(write(text)).directives.map(({ keyword }) => keyword);
const specs = (text: string) => specsFor(readConfigFile(write(text)), ada);

test('what sshd is told on its command line', () => {
  expect(configIn([])).toEqual({ file: '/etc/ssh/sshd_config', options: [] });
  expect(configIn(['-f', '/c', '-o', 'Port=23', '-oUsePAM=no'])).toEqual({
    file: '/c',
    options: ['Port=23', 'UsePAM=no'],
  });
  expect(readConfigFile(write(''), ['AuthorizedKeysFile=/k']).directives).toEqual([
    { keyword: 'authorizedkeysfile', args: ['/k'], matches: [] },
  ]);
});

test('lines are read as sshd reads them', () => {
  const text = `# PermitTTY no
   AuthorizedKeysFile   "/etc/my keys/%u"  .ssh/authorized_keys # a comment
authorizedkeysfile=/k
AcceptEnv\t"A B"'C' D\\ E
"Port" 22
Nonsense
`;
  expect(readConfigFile(write(text)).directives.map(({ keyword, args }) => [keyword, ...args])).toEqual([
    ['authorizedkeysfile', '/etc/my keys/%u', '.ssh/authorized_keys'],
    ['authorizedkeysfile', '/k'],
    ['acceptenv', 'A BC', 'D E'],
    ['port', '22'],
  ]);
});

test('what is included stands where it is included, and its blocks end with it', () => {
  const parts = join(folder, 'parts');
  mkdirSync(parts);
  writeFileSync(join(parts, '2.conf'), 'AuthorizedKeysFile /two\n');
  writeFileSync(join(parts, '1.conf'), 'Match User ada\nAuthorizedKeysFile /one\n');
  writeFileSync(join(parts, '.hidden.conf'), 'AuthorizedKeysFile /hidden\n');
  const path = write(`Match Address 10.*\nInclude ${parts}/*.conf ${parts}/gone\nMatch all\nPermitTTY no\n`);
  const { directives, unread, sources } = readConfigFile(path);
  expect(directives.map(({ args, matches }) => [args[0], ...matches.map(({ text }) => text)])).toEqual([
    ['/one', 'Match Address 10.*', 'Match User ada'],
    ['/two', 'Match Address 10.*'],
    ['no', 'Match all'],
  ]);
  expect(unread).toEqual([]);
  expect(sources).toEqual(expect.arrayContaining([path, parts, `${parts}/1.conf`, `${parts}/2.conf`]));
});

test('a file that includes itself is read to an end', () => {
  const path = join(folder, 'itself');
  writeFileSync(path, `Include ${path}\nPort 1\n`);
  expect(readConfigFile(path).directives.length).toBeLessThan(20);
});

test('what is no plain file can’t be read, what is not there is nothing', () => {
  expect(readConfigFile(folder).unread).toEqual([folder]);
  expect(readConfigFile(join(folder, 'none'))).toMatchObject({ directives: [], unread: [] });
  expect(keywords('')).toEqual([]);
});

test.each([
  ['', true],
  ['AllowUsers ada', true],
  ['AllowUsers bob a*@192.0.2.1', true],
  ['AllowUsers bob\nAllowUsers ada', true],
  ['AllowUsers *,!eve', true],
  ['AllowUsers bob\nMatch Address 192.0.2.1\nAllowUsers ada', true],
  ['Match Address 192.0.2.1\nAllowUsers bob', true],
  ['AllowUsers bob', false],
  ['AllowUsers bob ada2 b*', false],
])('who is allowed in: %j', (text, allowed) => {
  expect(mayAllow(readConfigFile(write(text)), ada)).toBe(allowed);
});

test('files of keys that may be read for the account, in whichever block', () => {
  const text = `AuthorizedKeysFile none
Match Address 10.0.0.0/8 User ada,bob
  AuthorizedKeysFile /a/%u /b
Match User bob
  AuthorizedKeysFile /bob
Match User *,!ada
  AuthorizedKeysFile /others
Match user=ad? localport=22
  AuthorizedKeysFile /equals
Match invalid-user
  AuthorizedKeysFile /nobody
Match Group staff
  AuthorizedKeysFile /staff
`;
  expect(namedKeyFiles(readConfigFile(write(text)), ada)).toEqual(['/a/%u', '/b', '/equals', '/staff']);
});

test.each([
  ['Match Address 10.0.0.0/8', [{ addr: '10.211.167.181' }]],
  ['Match Address=10.1.?.*', [{ addr: '10.1.7.77' }]],
  ['Match address 2001:db8::/32', [{ addr: '2001:db8::d3a7' }]],
  ['Match Address fe80::1/128', [{ addr: 'fe80::1' }]],
  ['Match Host *.lan LocalAddress 192.0.2.1', [{ host: 'x.lan', laddr: '192.0.2.1' }]],
  ['Match Host a,b', [{ host: 'a' }, { host: 'b' }]],
  ['Match RDomain vrf1', [{ rdomain: 'vrf1' }]],
  ['Match User bob Address 10.*', []],
  ['Match User ada', []],
  ['Match Group staff LocalPort 22', []],
  ['Match all', []],
])('%s is asked about as %j', (match, fields) => {
  const asked = specs(`${match}\n  ForceCommand /bin/true\n`);
  expect(asked).toEqual({ specs: fields.map((one) => ({ fields: one, when: match })), unresolved: [] });
});

test.each([
  'Match Address *,!198.51.100.0/24',
  'Match Address 10.0.0.0/8,!10.128.0.0/9',
  'Match Host *.lan,!x.lan',
])('W1: what a sample could be excepted from is not known: %s', (match) => {
  expect(specs(`${match}\n  PermitTTY no\n`)).toEqual({ specs: [], unresolved: [match] });
});

test.each(['AllowTcpForwarding no', 'DisableForwarding yes', 'PermitOpen none'])(
  'C4: a block that forwards nothing for some is asked about: %s',
  (setting) => {
    const when = 'Match Address 203.0.113.7';
    expect(specs(`${when}\n  ${setting}\n`)).toEqual({
      specs: [{ fields: { addr: '203.0.113.7' }, when }],
      unresolved: [],
    });
  },
);

test('blocks without a bearing are not asked about, those of a kind unknown are told', () => {
  expect(specs('Match Address 10.*\n  X11Forwarding no\n')).toEqual({ specs: [], unresolved: [] });
  expect(specs('Match exec "test -e /x"\n  PermitTTY no\n')).toEqual({
    specs: [],
    unresolved: ['Match exec "test -e /x"'],
  });
  const many = Array.from({ length: 99 }, (_, n) => `Match Address 10.0.0.${n}\n  PermitTTY no\n`);
  const asked = specs(many.join(''));
  expect(asked.specs.length + asked.unresolved.length).toBe(99);
  expect(asked.unresolved.length).toBeGreaterThan(0);
});

test('what is no file is not read, and nothing waits for it', () => {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  expect(readConfigFile(path)).toMatchObject({ directives: [], unread: [path] });
});
