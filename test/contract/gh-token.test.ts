import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ghToken } from '../../providers/gh.ts';
import { ghHostOf } from '../../providers/github-site.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import { outcomeOf } from '../support/forge/subjects.ts';
import { ed25519Line } from '../support/keys/wire.ts';

let forge: Forge;
let directory: string;
const asked = () => join(directory, 'asked');
/** Puts a `gh` on the PATH that records what it is asked and then runs `body`. */
const gh = (body: string) => {
  const path = join(directory, 'gh');
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$*" >>'${asked()}'\n${body}\n`);
  chmodSync(path, 0o755);
};
const env = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: `relative::${directory}:/usr/bin:/bin`,
  GITHUB_API_URL: forge.url,
  ...more,
});
const everywhere = () => 'github.com';
const run = (more?: Readonly<Record<string, string>>) =>
  outcomeOf('@ada', { env: env(more), ghHostOf: everywhere });

beforeAll(async () => {
  forge = await startForge({
    kind: 'github',
    users: { ada: [{ key: ed25519Line() }] },
    teams: { 'org/core': ['ada'] },
  });
});
beforeEach(() => {
  forge.fault = undefined;
  if (directory) rmSync(directory, { recursive: true });
  directory = mkdtempSync(join(tmpdir(), 'tmuxpair-gh-'));
  gh('echo gho_fromgh');
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await forge.close();
});

describe('the token that gh keeps', () => {
  test('is not asked for where all goes well', async () => {
    expect(await run()).toMatchObject({ kind: 'keys' });
    expect(existsSync(asked())).toBe(false);
    expect(forge.requests.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  test('helps over a rate limit', async () => {
    forge.fault = 'limited-without-token';
    expect(await run()).toMatchObject({ kind: 'keys' });
    expect(readFileSync(asked(), 'utf8')).toBe('auth token --hostname github.com\n');
    expect(forge.requests.at(-1)?.headers.authorization).toBe('Bearer gho_fromgh');
  });

  test('lets a team be read', async () => {
    expect(await outcomeOf('@org/core', { env: env(), ghHostOf: everywhere })).toMatchObject({
      kind: 'keys',
    });
  });

  test('is named where it is refused', async () => {
    forge.fault = 'unauthorized';
    expect(await run()).toMatchObject({ kind: 'forge-token-refused', tokenVariable: 'gh auth token' });
  });

  test('is not asked for where a variable is set, nor for a host that is not GitHub’s own', async () => {
    forge.fault = 'limited-403';
    expect(await run({ GH_TOKEN: 'x' })).toMatchObject({ kind: 'forge-rate-limited' });
    expect(await outcomeOf('@ada', { env: env() })).toMatchObject({ kind: 'forge-rate-limited' });
    expect(existsSync(asked())).toBe(false);
  });

  test.each([
    ['https://api.github.com', 'github.com'],
    ['https://api.company.ghe.com', 'company.ghe.com'],
    ['http://127.0.0.1:1', undefined],
    ['https://ghe.example.com/api/v3', undefined],
    ['https://api.github.com.example.com', undefined],
    ['https://api.github.com:8443', undefined],
  ])('%s is %s to gh', (api, host) => {
    expect(ghHostOf(new URL(api))).toBe(host);
  });

  test.each([
    ['gh fails', 'echo gho_x; exit 1'],
    ['gh says nothing', 'exit 0'],
    ['gh says more than a token', 'echo two words'],
    ['gh floods', 'yes'],
  ])('%s: the first failure stands', async (_, body) => {
    gh(body);
    forge.fault = 'limited-403';
    expect(await run()).toMatchObject({ kind: 'forge-rate-limited', tokenVariable: 'GH_TOKEN' });
  });

  test('a gh in a directory that the PATH names relatively is not run', async () => {
    forge.fault = 'limited-without-token';
    expect(await run({ PATH: relative(process.cwd(), directory) })).toMatchObject({
      kind: 'forge-rate-limited',
    });
    expect(existsSync(asked())).toBe(false);
  });

  test('no gh on the PATH', async () => {
    rmSync(join(directory, 'gh'));
    forge.fault = 'limited-403';
    expect(await run()).toMatchObject({ kind: 'forge-rate-limited' });
  });

  test('a gh that hangs is killed after 2 s', async () => {
    gh('exec sleep 60');
    const from = performance.now();
    expect(await ghToken('github.com', env(), new AbortController().signal)).toBeUndefined();
    const seconds = (performance.now() - from) / 1000;
    expect(seconds).toBeGreaterThan(1.9);
    expect(seconds).toBeLessThan(4);
  });
});
