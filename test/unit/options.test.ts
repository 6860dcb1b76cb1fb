import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { forges } from '../../providers/index.ts';
import { parseAccess } from '../../src/commands/access.ts';
import { parseShell } from '../../src/commands/completion.ts';
import { parseKey } from '../../src/commands/pair.ts';
import { parseBind, parseDoor, parseHost, parsePort } from '../../src/options/door.ts';
import { referencesOf } from '../../src/options/guests.ts';
import { keyFileFrom } from '../../src/options/key-file.ts';
import { parseSession } from '../../src/options/session-name.ts';
import { failureOf } from '../support/failure-of.ts';

type Parse = (text: string) => unknown;

const parsers: readonly [string, Parse, readonly string[], readonly string[]][] = [
  [
    'a session',
    parseSession,
    ['pair', 'a', '9', '_x', 'A-b_9', 'x'.repeat(32)],
    [
      '',
      '#(touch x)',
      'a:b',
      'a.b',
      '=$9',
      '=pair',
      '$9',
      '@1',
      '%1',
      '-x',
      'a b',
      'é',
      'a\n',
      "it's",
      'x'.repeat(33),
      'x'.repeat(300),
    ],
  ],
  [
    'a port',
    (text) => parsePort(text, '--port'),
    ['1', '22', '0022', '65535'],
    ['', '0', '65536', '-1', '+1', '1e3', '0x16', '22 ', ' 22', '22\n', '٢٢', '999999', 'ssh'],
  ],
  [
    'a host',
    parseHost,
    ['here', 'box.example.com', '192.0.2.1', '2001:db8::1', '::1', '[fd00::5]', 'a_b-c'],
    ['', '-oProxyCommand=x', 'a b', '$(id)', 'a;b', 'a/b', 'é', 'a\n', 'x'.repeat(254)],
  ],
  [
    'an address to listen on',
    parseBind,
    ['127.0.0.1', '::', '::1', '192.0.2.1'],
    ['', 'localhost', '*', '0', '1.2.3', '1.2.3.4/8', '::1 '],
  ],
  ['a door', parseDoor, ['auto', 'system', 'private'], ['', 'Private', 'sshd', 'private ']],
  [
    'an access',
    parseAccess,
    ['ro', 'rw', 'read-only', 'readonly', 'read-write', 'readwrite'],
    ['', 'r', 'RO', 'rwx', 'admin'],
  ],
  [
    'a key',
    parseKey,
    ['P', 'p', '9', 'C-g', 'M-g', 'F5', 'F12'],
    ['', ';', '#', 'C-', 'F13', 'Up', 'a b', '-n', 'C-M-a', '\\', '"'],
  ],
  ['a shell', parseShell, ['bash', 'zsh', 'fish'], ['', 'sh', 'BASH', '../fish']],
];

describe.each(parsers)('%s', (_, parse, good, bad) => {
  test.each(good)('%j is one', (text) => {
    expect(failureOf(() => parse(text))).toBeUndefined();
  });

  test.each(bad)('%j is none', (text) => {
    const failure = failureOf(() => parse(text));
    expect(failure).toMatchObject({ kind: 'usage' });
    expect(JSON.stringify(failure).length).toBeLessThan(400);
  });
});

const keyFileOf = (authorizedKeys: string) => keyFileFrom({ authorizedKeys });

test('the file is the account’s own, the named one, absolute; never the one of another account', () => {
  const own = join(homedir(), '.ssh', 'authorized_keys');
  expect(keyFileFrom({})).toBe(own);
  expect(keyFileOf('~/.ssh/authorized_keys')).toBe(own);
  expect(keyFileOf('/a/../b')).toBe('/b');
  expect(keyFileOf('keys')).toBe(join(process.cwd(), 'keys'));
  expect(keyFileOf('~ada/keys')).toBe(join(process.cwd(), '~ada/keys'));
  expect(failureOf(() => keyFileOf(''))).toMatchObject({ kind: 'usage' });
});

test('guests are all that operands and options name, in that order, and one at least', () => {
  const options = { github: ['eve', 'ada'], gitlab: ['bob'], forgejo: ['cyd@git.example.com'] };
  expect(referencesOf(['@octocat', 'gitlab:ada'], options, {}).map(({ text }) => text)).toEqual([
    'github:octocat',
    'gitlab:ada',
    'github:eve',
    'github:ada',
    'gitlab:bob',
    'forgejo:cyd@git.example.com',
  ]);
  const wrong = forges.map(({ name }) => failureOf(() => referencesOf([], { [name]: ['../x'] }, {}))?.kind);
  expect(wrong).toEqual(forges.map(() => 'usage'));
  expect(failureOf(() => referencesOf([], {}, {}))).toMatchObject({ problem: 'who is your guest?' });
});
