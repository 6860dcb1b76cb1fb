import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forges as known, parseForProvider, parseReference } from '../../providers/index.ts';
import { type Failure, Refusal } from '../../src/domain/failure.ts';
import { pinName } from '../../src/domain/guest.ts';

const before = process.cwd();
const directory = mkdtempSync(join(tmpdir(), 'tmuxpair-reference-'));
beforeAll(() => {
  process.chdir(directory);
  writeFileSync('partner_key', '');
  writeFileSync('odd:name', '');
});
afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

function failureOf(job: () => unknown): Failure | undefined {
  try {
    job();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.failure;
    throw error;
  }
}

describe('read', () => {
  test.each<[string, object]>([
    ['@octocat', { provider: 'github', name: 'octocat', text: 'github:octocat' }],
    ['github:Octo-Cat', { provider: 'github', name: 'octo-cat', text: 'github:octo-cat' }],
    ['@ada_corp', { provider: 'github', name: 'ada_corp', text: 'github:ada_corp' }],
    [
      'github:ada@GHE.example.com',
      { provider: 'github', name: 'ada', host: 'ghe.example.com', text: 'github:ada@ghe.example.com' },
    ],
    [
      '@ada@ghe.example.com:8443',
      {
        provider: 'github',
        name: 'ada',
        host: 'ghe.example.com:8443',
        text: 'github:ada@ghe.example.com:8443',
      },
    ],
    ['github:ada@github.com', { provider: 'github', name: 'ada', text: 'github:ada' }],
    ['gitlab:bob', { provider: 'gitlab', name: 'bob', text: 'gitlab:bob' }],
    ['gitlab:bob.a_b-c', { provider: 'gitlab', name: 'bob.a_b-c', text: 'gitlab:bob.a_b-c' }],
    [
      'gitlab:ada@git.example.com:443',
      { provider: 'gitlab', name: 'ada', host: 'git.example.com', text: 'gitlab:ada@git.example.com' },
    ],
    ['gitlab:ada@gitlab.com', { provider: 'gitlab', name: 'ada', text: 'gitlab:ada' }],
    [
      'gitlab:ada@127.0.0.1:8080',
      { provider: 'gitlab', name: 'ada', host: '127.0.0.1:8080', text: 'gitlab:ada@127.0.0.1:8080' },
    ],
    [
      'gitlab:ada@[::1]:8080',
      { provider: 'gitlab', name: 'ada', host: '[::1]:8080', text: 'gitlab:ada@[::1]:8080' },
    ],
    ['@Org/Core_Team', { provider: 'github', name: 'org/core_team', text: 'github:org/core_team' }],
    ['codeberg:Ada', { provider: 'codeberg', name: 'ada', text: 'codeberg:ada' }],
    ['codeberg:ada@codeberg.org', { provider: 'codeberg', name: 'ada', text: 'codeberg:ada' }],
    [
      'gitea:a.b@git.example.com',
      { provider: 'gitea', name: 'a.b', host: 'git.example.com', text: 'gitea:a.b@git.example.com' },
    ],
    [
      'forgejo:a_b@localhost:3000',
      { provider: 'forgejo', name: 'a_b', host: 'localhost:3000', text: 'forgejo:a_b@localhost:3000' },
    ],
    ['srht:~ada', { provider: 'sourcehut', name: 'ada', text: 'sourcehut:ada' }],
    ['sourcehut:ada', { provider: 'sourcehut', name: 'ada', text: 'sourcehut:ada' }],
    ['lp:~ada+x', { provider: 'launchpad', name: 'ada+x', text: 'launchpad:ada+x' }],
    ['launchpad:ada', { provider: 'launchpad', name: 'ada', text: 'launchpad:ada' }],
    ['-', { provider: 'stdin', name: 'stdin', text: '-' }],
    [
      'partner_key',
      {
        provider: 'file',
        name: join(directory, 'partner_key'),
        text: `file:${join(directory, 'partner_key')}`,
      },
    ],
    [
      './none.pub',
      { provider: 'file', name: join(directory, 'none.pub'), text: `file:${join(directory, 'none.pub')}` },
    ],
    ['file:/x/../y.pub', { provider: 'file', name: '/y.pub', text: 'file:/y.pub' }],
    [
      'odd:name',
      { provider: 'file', name: join(directory, 'odd:name'), text: `file:${join(directory, 'odd:name')}` },
    ],
  ])('%s', (text, reference) => {
    expect(parseReference(text, {})).toEqual(reference);
    expect(parseReference(parseReference(text, {}).text, {})).toEqual(reference);
  });

  test('a host that the environment means anyway is left out; one that it does not is kept', () => {
    const env = { GITLAB_URL: 'https://git.example.com/', GITHUB_API_URL: 'https://ghe.example.com/api/v3' };
    expect(parseReference('gitlab:ada@git.example.com', env).text).toBe('gitlab:ada');
    expect(parseReference('gitlab:ada@gitlab.com', env).text).toBe('gitlab:ada@gitlab.com');
    expect(parseReference('github:ada@ghe.example.com', env).text).toBe('github:ada');
    expect(parseReference('github:ada@github.com', env).text).toBe('github:ada@github.com');
  });

  test.each([
    ['@ada', {}, 'github:ada'],
    ['@ada', { GITHUB_API_URL: 'https://api.github.com/' }, 'github:ada'],
    ['@ada', { GITHUB_API_URL: 'https://ghe.example.com/api/v3' }, 'github:ada@ghe.example.com'],
    ['@ada', { GITHUB_API_URL: 'https://api.corp.ghe.com' }, 'github:ada@corp.ghe.com'],
    ['github:ada@corp.ghe.com', {}, 'github:ada@corp.ghe.com'],
    ['github:ada@github.com', { GITHUB_API_URL: 'https://ghe.example.com/api/v3' }, 'github:ada'],
    ['@org/team', { GITHUB_API_URL: 'http://127.0.0.1:80/' }, 'github:org/team'],
    ['gitlab:ada', {}, 'gitlab:ada'],
    ['gitlab:ada', { GITLAB_URL: 'https://gitlab.com' }, 'gitlab:ada'],
    ['gitlab:ada', { GITLAB_URL: 'https://git.example.com:8443/git' }, 'gitlab:ada@git.example.com:8443'],
    ['gitlab:ada@git.example.com', {}, 'gitlab:ada@git.example.com'],
    ['gitlab:ada@gitlab.com', { GITLAB_URL: 'https://git.example.com' }, 'gitlab:ada'],
    ['codeberg:ada', {}, 'codeberg:ada'],
    ['codeberg:ada', { CODEBERG_URL: 'https://berg.example.com' }, 'codeberg:ada@berg.example.com'],
    ['srht:ada', { SOURCEHUT_URL: 'https://meta.example.com' }, 'sourcehut:ada@meta.example.com'],
    ['lp:ada', { LAUNCHPAD_URL: 'https://lp.example.com' }, 'launchpad:ada@lp.example.com'],
    ['forgejo:ada@git.example.com', {}, 'forgejo:ada@git.example.com'],
    ['https://example.com/ada.keys', {}, 'https://example.com/ada.keys'],
  ])('%s with %j is remembered as %s: no forge has the pins of another', (text, env, name) => {
    const reference = parseReference(text, env);
    expect(pinName(reference)).toBe(name);
    expect(pinName(parseReference(reference.text, env))).toBe(name);
  });
});

const hostile = [
  '',
  '-oProxyCommand=touch x',
  '../x',
  'a b',
  'x'.repeat(300),
  'оctocat',
  'octocat\u200b',
  '12345',
  'a\nb',
  'a\x1b[2J',
  'ｏctocat',
  '.',
  '..',
  'a/../b',
  '%2e%2e',
  'a?b',
  'a#b',
  'a:b',
  '$(id)',
  '-',
  '\u017fam',
  '\u212aate',
];

/** Every provider of usernames, and what stands behind the name in a reference of it. */
/** Every forge of the table, with a host if a reference to it has to name one. */
const forges = known.map(({ name }) => {
  const names = failureOf(() => parseForProvider(name, 'ada', {})) === undefined;
  return [name, names ? '' : '@git.example.com'] as const;
});

test('of the forges that there are, all take a usual name', () => {
  expect(forges.map(([name, host]) => failureOf(() => parseForProvider(name, `ada${host}`, {})))).toEqual(
    forges.map(() => undefined),
  );
});

describe('hostile usernames are usage failures, before anything is requested', () => {
  test.each(hostile.flatMap((name) => forges.map(([provider, host]) => [provider, name, host] as const)))(
    '%s %j',
    (provider, name, host) => {
      expect(failureOf(() => parseForProvider(provider, name + host, {}))).toMatchObject({ kind: 'usage' });
      expect(failureOf(() => parseReference(`${provider}:${name}${host}`, {}))).toMatchObject({
        kind: 'usage',
      });
    },
  );

  test.each(['a--b', '-a', 'a-', 'a_', '_a', 'a.b', 'a_b_c', 'x'.repeat(40)])('github %s', (name) => {
    expect(failureOf(() => parseReference(`@${name}`, {}))).toMatchObject({ kind: 'usage' });
  });

  test.each(['a..b', 'a.git', 'a.atom', 'a.', '.a', '-a'])('gitlab %s', (name) => {
    expect(failureOf(() => parseReference(`gitlab:${name}`, {}))).toMatchObject({ kind: 'usage' });
  });

  test('no message carries a control character', () => {
    const failure = failureOf(() => parseReference('@a\x1b[2J\u202e', {}));
    expect(JSON.stringify(failure)).toContain('\\\\x1b[2J\\\\u{202e}');
  });
});

describe('hostile hosts', () => {
  test.each([
    '',
    'a b',
    '-x',
    'x-',
    'a..b',
    'a.',
    'ex/ample',
    'u:p',
    'x:0',
    'x:99999',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    'gіthub.com',
    '[::1',
    '[zz]',
    'a_b',
    `${'x'.repeat(64)}.com`,
    'a?b',
    'a#b',
    'a\\b',
    'x:443:443',
  ])('%j', (host) => {
    expect(failureOf(() => parseReference(`gitlab:ada@${host}`, {}))).toMatchObject({ kind: 'usage' });
    expect(failureOf(() => parseReference(`github:ada@${host}`, {}))).toMatchObject({ kind: 'usage' });
  });
});

describe('hosts where there is one, and none where one is needed', () => {
  test.each([
    'gitea:ada',
    'forgejo:ada',
    'codeberg:ada@git.example.com',
    'srht:~ada@git.example.com',
    'lp:ada@x',
    'srht:~~ada',
    'gitlab:~ada',
    'gitea:ada.keys@git.example.com',
  ])('%s', (text) => {
    expect(failureOf(() => parseReference(text, {}))).toMatchObject({
      kind: 'usage',
      hint: expect.any(String),
    });
  });
});

describe('slips get a hint', () => {
  test.each<[string, string, string | undefined]>([
    ['octocat', '"octocat" is no guest and no file', '@octocat for a GitHub user, ./octocat for a file'],
    ['a b', '"a b" is no guest and no file', '@octocat for a GitHub user, ./octocat for a file'],
    ['hub:octocat', 'no provider is called "hub"', expect.stringContaining('github, gitlab')],
    ['-oProxyCommand=x', '"-oProxyCommand=x" is no guest', 'a file of that name is ./-…'],
    ['', 'a guest is empty', expect.any(String)],
    ['file:', 'the path of a key file is empty or no path', undefined],
    ['./a\0b', 'the path of a key file is empty or no path', undefined],
  ])('%j', (text, problem, hint) => {
    expect(failureOf(() => parseReference(text, {}))).toEqual({
      kind: 'usage',
      problem,
      ...(hint === undefined ? {} : { hint }),
    });
  });
});

describe('addresses in the environment', () => {
  test.each([
    'http://git.example.com',
    'ftp://x',
    'git.example.com',
    'https://u:p@git.example.com',
    'https://x/?a',
    'http://127.0.0.1.example.com',
    'http://[::2]',
  ])('%s is a usage failure that does not repeat it', (address) => {
    const failures = [
      failureOf(() => parseReference('gitlab:ada', { GITLAB_URL: address })),
      failureOf(() => parseReference('@ada', { GITHUB_API_URL: address })),
    ];
    for (const failure of failures) {
      expect(failure).toMatchObject({ kind: 'usage' });
      expect(JSON.stringify(failure)).not.toContain(address);
    }
  });

  test.each([
    '',
    'https://git.example.com/gitlab/',
    'http://127.0.0.1:80',
    'http://localhost:3000',
    'http://[::1]:3000',
  ])('%j is fine', (address) => {
    expect(parseReference('gitlab:ada', { GITLAB_URL: address }).text).toBe('gitlab:ada');
  });
});
