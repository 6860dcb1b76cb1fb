import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Forge, startForge } from '../support/forge/start.ts';
import { outcomeOf } from '../support/forge/subjects.ts';
import { ed25519Line } from '../support/keys/wire.ts';

let forge: Forge;
const token = { GH_TOKEN: 'of-a-member' };
const run = (env: Readonly<Record<string, string>> = token, limits = {}, validator?: string) =>
  outcomeOf('@Org/Core-Team', {
    env: { GITHUB_API_URL: forge.url, ...env },
    limits,
    ...(validator === undefined ? {} : { validator }),
  });
const [ada, bob, shared] = [ed25519Line(), ed25519Line(), ed25519Line()];

beforeAll(async () => {
  forge = await startForge({ kind: 'github' });
});
beforeEach(() => {
  forge.fault = undefined;
  forge.faultAt = /(?:)/;
  forge.scopes = 'read:org';
  forge.teams = { 'org/core-team': ['ada', 'bob', 'eve'] };
  forge.users = {
    ada: [{ key: ada }, { key: shared }],
    bob: [{ key: `restrict ${ada}` }, { key: shared }, { key: bob }],
    eve: [],
  };
});
afterAll(() => forge.close());

describe('a team is one guest', () => {
  test('with the keys of all its members, each once, and the refused ones by member', async () => {
    expect(await run()).toEqual({
      kind: 'keys',
      keys: [ada, shared, bob].map((text) => expect.objectContaining({ base64: text.split(' ')[1] })),
      refused: [{ line: 1, member: 'bob', refusal: { reason: 'options-in-front' } }],
    });
  });

  test('no validator is sent or given, even if one is at hand', async () => {
    const from = forge.requests.length;
    expect(await run(token, {}, '"x"')).toMatchObject({ kind: 'keys' });
    for (const { headers } of forge.requests.slice(from)) expect(headers).not.toHaveProperty('if-none-match');
  });

  test('many members over many pages, eight at once', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `m${index}`);
    forge.teams = { 'org/core-team': names };
    forge.users = Object.fromEntries(names.map((name) => [name, [{ key: ed25519Line() }]]));
    forge.delayMs = 5;
    const outcome = await run(token, { members: 150 });
    forge.delayMs = 0;
    if (outcome.kind !== 'keys') throw new Error(JSON.stringify(outcome));
    expect(outcome.keys).toHaveLength(150);
    expect(forge.mostInFlight()).toBe(8);
    expect(await run(token, { members: 149 })).toMatchObject({
      kind: 'forge-answer',
      problem: 'more than 149 members',
    });
  });

  test.each([
    ['nobody in it', { 'org/core-team': [] }],
    ['nobody with a key', { 'org/core-team': ['eve'] }],
    ['somebody who has left since', { 'org/core-team': ['gone'] }],
  ])('%s: no keys', async (_, teams) => {
    forge.teams = teams;
    expect(await run()).toEqual({ kind: 'no-keys', reference: 'github:org/core-team', refused: [] });
  });
});

describe('what it needs', () => {
  test('a token: without one nothing is requested', async () => {
    const from = forge.requests.length;
    expect(await run({})).toEqual({
      kind: 'forge-token-needed',
      reference: 'github:org/core-team',
      host: forge.host,
      scope: 'read:org',
      tokenVariable: 'GH_TOKEN',
    });
    expect(forge.requests.length).toBe(from);
  });

  test('a token with read:org: GitHub calls the team unknown without it', async () => {
    forge.scopes = 'repo, gist';
    expect(await run()).toMatchObject({
      kind: 'forge-token-needed',
      scope: 'read:org',
      tokenVariable: 'GH_TOKEN',
    });
  });

  test('a team that exists', async () => {
    forge.teams = {};
    expect(await run()).toMatchObject({ kind: 'guest-unknown', reference: 'github:org/core-team' });
  });
});

describe('a member whose keys can not be read fails the team', () => {
  test.each([
    ['limited-403', { kind: 'forge-rate-limited' }],
    ['server-error', { kind: 'forge-status', status: 500 }],
    ['dropped', { kind: 'forge-unreachable' }],
    ['silent', { kind: 'forge-timeout' }],
  ] as const)('%s', async (fault, expected) => {
    forge.fault = fault;
    forge.faultAt = /^\/users\/bob/;
    const outcome = await run(token, { firstByteMs: 300 });
    expect(outcome).toMatchObject({ ...expected, reference: 'github:org/core-team' });
  });

  test('the first failure ends the fetches under way', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `m${index}`);
    forge.teams = { 'org/core-team': ['bob', ...names] };
    forge.fault = 'server-error';
    forge.faultAt = /^\/users\/bob/;
    const from = forge.requests.length;
    expect(await run()).toMatchObject({ kind: 'forge-status' });
    expect(forge.requests.length - from).toBeLessThan(25);
  });

  test('a member whose name is none', async () => {
    forge.teams = { 'org/core-team': ['ada', '../x'] };
    expect(await run()).toMatchObject({
      kind: 'forge-answer',
      problem: 'a member whose name is no username',
    });
  });
});

test.each([
  '@org/',
  '@/core',
  '@org/a/b',
  '@org/a b',
  '@../core',
  '@org/..',
  '@org/-x',
  '@1/core',
  '@org/x%2f',
  `@org/${'x'.repeat(101)}`,
])('%s is a usage failure', async (text) => {
  expect(await outcomeOf(text, {})).toMatchObject({ kind: 'usage' });
});
