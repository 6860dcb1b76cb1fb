import dns from 'node:dns';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Forge, type ForgeOptions, startForge } from '../support/forge/start.ts';
import { outcomeOf, token } from '../support/forge/subjects.ts';
import { ed25519Line } from '../support/keys/wire.ts';

const running: Forge[] = [];
const start = async (options: ForgeOptions) => {
  const forge = await startForge(options);
  running.push(forge);
  return forge;
};
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(running.splice(0).map((forge) => forge.close()));
});
const users = { ada: [{ key: ed25519Line() }] };

describe('time', () => {
  test('5 s until an answer begins, 10 s for a whole fetch: by default, and on the clock', async () => {
    const silent = await start({ kind: 'github', users, fault: 'silent' });
    const slow = await start({ kind: 'gitlab', users, fault: 'slow' });
    const timed = async (reference: string) => {
      const from = performance.now();
      const outcome = await outcomeOf(reference, {});
      return { outcome, seconds: (performance.now() - from) / 1000 };
    };
    const [first, whole] = await Promise.all([
      timed(`github:ada@${silent.host}`),
      timed(`gitlab:ada@${slow.host}`),
    ]);
    expect(first.outcome).toMatchObject({ kind: 'forge-timeout', seconds: 5 });
    expect(whole.outcome).toMatchObject({ kind: 'forge-timeout', seconds: 10 });
    expect(first.seconds).toBeGreaterThan(4.9);
    expect(first.seconds).toBeLessThan(6);
    expect(whole.seconds).toBeGreaterThan(9.9);
    expect(whole.seconds).toBeLessThan(11);
  });

  test('pages share one time limit', async () => {
    const many = { ada: Array.from({ length: 900 }, () => ({ key: ed25519Line() })) };
    const forge = await start({ kind: 'github', users: many, delayMs: 100 });
    const outcome = await outcomeOf(`github:ada@${forge.host}`, {
      limits: { firstByteMs: 5000, wholeMs: 350 },
    });
    expect(outcome).toMatchObject({ kind: 'forge-timeout', seconds: 0.35 });
    expect(forge.requests.length).toBeLessThan(5);
  });
});

describe('size', () => {
  test('pages share one byte budget, and reading stops there', async () => {
    const many = { ada: Array.from({ length: 300 }, () => ({ key: ed25519Line() })) };
    const forge = await start({ kind: 'gitlab', users: many });
    const outcome = await outcomeOf(`gitlab:ada@${forge.host}`, { limits: { bytes: 60_000 } });
    expect(outcome).toMatchObject({ kind: 'forge-answer', problem: 'more than 60000 bytes' });
    expect(forge.requests).toHaveLength(3);
  });
});

describe('names and redirects', () => {
  test('a name that can not be resolved', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((...all: unknown[]) => {
      const done = all.at(-1) as (error: Error) => void;
      done(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
    }) as typeof dns.lookup);
    for (const reference of ['github:ada@ghe.invalid', 'gitlab:ada@git.invalid'])
      expect(await outcomeOf(reference, {})).toMatchObject({
        kind: 'forge-unreachable',
        host: reference.slice(reference.indexOf('@') + 1),
        cause: 'ENOTFOUND',
      });
  });

  test('a redirect on the host is followed, token and all', async () => {
    const forge = await start({ kind: 'gitlab', users, fault: 'redirect-on-host' });
    const env = { GITLAB_URL: forge.url, GITLAB_TOKEN: token };
    expect(await outcomeOf('gitlab:ada', { env })).toMatchObject({ kind: 'keys' });
    expect(forge.requests.map(({ headers }) => headers['private-token'])).toEqual([token, token]);
  });

  test('a password that a redirect brings along is not sent', async () => {
    const forge = await start({ kind: 'gitlab', users, fault: 'redirect-with-password' });
    expect(await outcomeOf(`gitlab:ada@${forge.host}`, {})).toMatchObject({ kind: 'keys' });
    expect(forge.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });
});
