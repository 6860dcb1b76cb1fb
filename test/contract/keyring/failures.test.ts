import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KeyringWarning } from '../../../src/domain/keyring-warning.ts';
import { connectKeychain, type KeychainClient } from '../../../src/keyring/keychain-client.ts';
import { type Keyring, type KeyringOptions, openKeyring } from '../../../src/keyring/keyring.ts';
import { pinOf } from '../../../src/keyring/pin.ts';
import { buildKeychain, type KeychainBuild } from '../../support/keychain-build.ts';
import { keyOf } from '../../support/keys.ts';
import { type SessionBus, startSessionBus, stop } from '../../support/secret-service.ts';

const reference = 'github:octocat';
const limitMs = 3000;
const took: string[] = [];
const ends: (() => unknown)[] = [];
let build: KeychainBuild;

const pin = (seed: string, of = reference) =>
  pinOf(undefined, {
    reference: of,
    keys: [keyOf(seed)],
    now: new Date('2026-11-22T12:00:00Z'),
    paired: true,
  });

beforeAll(async () => {
  build = await buildKeychain();
});
beforeEach(() => {
  build.started.length = 0;
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => {
  build[Symbol.dispose]();
  process.stdout.write(`\n${took.join('\n')}\n`);
});

async function bus(options?: { unansweredPrompt: boolean }): Promise<SessionBus> {
  const started = await startSessionBus(options);
  ends.push(() => started[Symbol.asyncDispose]());
  return started;
}

function open(
  env: NodeJS.ProcessEnv,
  options: Partial<KeyringOptions> = {},
): { keyring: Keyring; warnings: KeyringWarning[] } {
  const warnings: KeyringWarning[] = [];
  const keyring = openKeyring({
    env,
    onWarning: (warning) => warnings.push(warning),
    startKeychain: build.start,
    ...options,
  });
  ends.push(() => keyring.close());
  return { keyring, warnings };
}

/** What the keychain holds is changed from outside the keyring. */
async function client(env: NodeJS.ProcessEnv): Promise<KeychainClient> {
  const started = build.start(env);
  if (!started.ok) throw new Error(started.trouble.cause);
  const connected = connectKeychain(started.value, 20_000);
  ends.push(() => connected.kill());
  return connected;
}

async function remembered(env: NodeJS.ProcessEnv, seed: string, of?: string): Promise<void> {
  const { keyring } = open(env);
  await keyring.remember([pin(seed, of)]);
  expect(await keyring.where()).toBe('keychain');
  await keyring.close();
}

/** A whole run: look up, remember, look up again; within the limit, with `expected` and nothing else told. */
async function run(
  name: string,
  env: NodeJS.ProcessEnv,
  expected: readonly unknown[],
  options: Partial<KeyringOptions> = {},
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  const from = performance.now();
  const { keyring, warnings } = open(env, options);
  await meanwhile();
  const before = await keyring.recall([reference]);
  await keyring.remember([pin('now')]);
  const after = await keyring.recall([reference]);
  const where = await keyring.where();
  await keyring.close();
  const ms = performance.now() - from;
  took.push(`${name}: ${ms.toFixed(0)} ms`);
  expect(warnings).toEqual(expected);
  expect([...before.keys()]).toEqual([]);
  expect(after.get(reference)).toEqual(pin('now'));
  expect(where).toBe('file');
  expect(ms).toBeLessThan(limitMs);
  await allGone();
}

async function allGone(): Promise<void> {
  for (const child of build.started) {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

const unusable = (trouble: unknown, unchecked: readonly string[] = []) => ({
  kind: 'keychain-unusable',
  trouble,
  path: expect.stringMatching(/\/\.local\/state\/tmuxpair\/pins$/),
  pinsThere: unchecked.length > 0,
  unchecked,
});
const lockLogin = [
  '--dest=org.freedesktop.secrets',
  '/org/freedesktop/secrets',
  'org.freedesktop.Secret.Service.Lock',
  'array:objpath:/org/freedesktop/secrets/collection/login',
];
const withDetail = (cause: string) => ({ cause, detail: expect.any(String) });

describe('the keychain costs one warning and at most 3 s', () => {
  test('no bus: no process is started, and it is told once', async () => {
    const { home } = await bus();
    const env = { PATH: process.env.PATH, HOME: home };
    await run('no bus', env, [unusable({ cause: 'no-bus' })]);
    expect(build.started).toHaveLength(0);
    const { keyring, warnings } = open(env);
    expect([...(await keyring.recall([reference, 'github:new'])).keys()]).toEqual([reference]);
    expect(warnings).toEqual([]);
  });

  test('a bus that is gone', async () => {
    const { env, home } = await bus();
    await run('bus address of nothing', { ...env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${home}/none` }, [
      unusable({ cause: 'no-bus' }),
    ]);
  });

  test('a bus without a Secret Service', async () => {
    const { env } = await bus();
    await run('no service', env, [unusable(withDetail('refused'))]);
  });

  test('locked and never used', async () => {
    const { env, keyring } = await bus();
    await keyring('locked');
    await run('locked, unused', env, [unusable(withDetail('locked'))]);
  });

  test('locked with pins inside: named each time, since a known guest may look new', async () => {
    const { env, keyring } = await bus();
    const daemon = await keyring('unlocked');
    await remembered(env, 'before');
    await stop(daemon);
    await keyring('locked');
    await run('locked, with pins', env, [unusable(withDetail('locked'), [reference])]);
    const { keyring: again, warnings } = open(env);
    await again.recall(['github:other']);
    expect(warnings).toEqual([unusable(withDetail('locked'), ['github:other'])]);
  });

  test('locked between two calls', async () => {
    const { env, keyring } = await bus();
    await keyring('unlocked');
    await remembered(env, 'before');
    const { keyring: pins, warnings } = open(env);
    expect((await pins.recall([reference])).get(reference)).toEqual(pin('before'));
    execFileSync('dbus-send', ['--session', '--print-reply', ...lockLogin], { env, stdio: 'ignore' });
    expect([...(await pins.recall([reference])).keys()]).toEqual([]);
    expect(warnings).toEqual([unusable(withDetail('locked'), [reference])]);
  });

  test('a prompt that nobody answers', async () => {
    const { env, keyring } = await bus({ unansweredPrompt: true });
    const daemon = await keyring('unlocked');
    await remembered(env, 'before');
    await stop(daemon);
    await keyring('locked');
    await run('unanswered prompt', env, [unusable({ cause: 'no-answer', milliseconds: 2500 }, [reference])]);
  });

  test('an unresponsive service', async () => {
    const { env, keyring } = await bus();
    (await keyring('unlocked')).kill('SIGSTOP');
    await run('service stopped', env, [unusable({ cause: 'no-answer', milliseconds: 2500 })]);
  });

  test('a service that stops answering between two calls', async () => {
    const { env, keyring } = await bus();
    const daemon = await keyring('unlocked');
    const { keyring: pins, warnings } = open(env);
    await pins.recall([reference]);
    daemon.kill('SIGSTOP');
    const from = performance.now();
    await pins.remember([pin('now')]);
    await pins.close();
    const ms = performance.now() - from;
    took.push(`service stopped midway: ${ms.toFixed(0)} ms`);
    expect(ms).toBeLessThan(limitMs);
    expect(warnings).toMatchObject([{ kind: 'keychain-unusable', trouble: { cause: 'no-answer' } }]);
    await allGone();
  });

  test('keytar is not installed, or does not load', async () => {
    const { env } = await bus();
    const folder = mkdtempSync(join(tmpdir(), 'no-keytar-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const without = await buildKeychain(folder);
    await run('keytar not installed', env, [unusable({ cause: 'not-installed' })], {
      startKeychain: without.start,
    });
    const lib = dirname(fileURLToPath(import.meta.resolve('keytar')));
    const copy = join(folder, 'node_modules', 'keytar');
    mkdirSync(copy, { recursive: true });
    cpSync(lib, join(copy, 'lib'), { recursive: true });
    cpSync(join(lib, '..', 'package.json'), join(copy, 'package.json'));
    const other = { ...env, XDG_STATE_HOME: join(folder, '.local', 'state') };
    await run('keytar not loadable', other, [unusable(withDetail('not-loadable'))], {
      startKeychain: without.start,
    });
    await expect
      .poll(() => without.started.every((child) => child.exitCode !== null || child.signalCode !== null))
      .toBe(true);
  });

  test('no keychain process to start', async () => {
    const { env } = await bus();
    const { startKeychain } = await import('../../../src/keyring/start-keychain.ts');
    await run('process missing', env, [unusable({ cause: 'not-installed' })], { startKeychain });
  });

  test.each(['SIGSEGV', 'SIGKILL'] as const)(
    'the process ends by %s in the middle of a call',
    async (signal) => {
      const { env, keyring } = await bus();
      (await keyring('unlocked')).kill('SIGSTOP');
      await run(
        `process gets ${signal}`,
        env,
        [unusable({ cause: 'crashed', how: signal })],
        {},
        async () => {
          const [child] = build.started;
          if (!child) throw new Error('not started');
          await once(child.stdout, 'data');
          child.kill(signal);
        },
      );
    },
  );
});

describe('pins that are not what they were', () => {
  test.each([
    ['not-json', 'rubbish'],
    ['other-version', JSON.stringify({ version: 2, reference })],
    ['other-reference', JSON.stringify({ version: 1, reference: 'github:eve', keys: [] })],
    ['bad-key', JSON.stringify({ version: 1, reference, keys: [{ type: 'ssh-ed25519', base64: 'AAAA' }] })],
  ])('garbage in the keychain: %s', async (problem, value) => {
    const { env, keyring } = await bus();
    await keyring('unlocked');
    await (await client(env)).ask({ op: 'set', account: reference, value });
    const { keyring: pins, warnings } = open(env);
    const from = performance.now();
    expect([...(await pins.recall([reference])).keys()]).toEqual([]);
    took.push(`garbage (${problem}): ${(performance.now() - from).toFixed(0)} ms`);
    expect(warnings).toEqual([{ kind: 'pin-unreadable', reference, where: 'keychain', problem }]);
    await pins.remember([pin('now')]);
    expect((await pins.recall([reference])).get(reference)).toEqual(pin('now'));
  });

  test('a garbage index is told; pins are found by name all the same', async () => {
    const { env, keyring } = await bus();
    await keyring('unlocked');
    await remembered(env, 'a');
    await (await client(env)).ask({ op: 'set', account: '#index', value: '[1]' });
    const { keyring: pins, warnings } = open(env);
    expect((await pins.recall([reference])).get(reference)).toEqual(pin('a'));
    expect(warnings).toEqual([{ kind: 'index-unreadable', problem: 'wrong-shape' }]);
  });

  test('a pin taken out of the keychain behind our back is told', async () => {
    const { env, keyring } = await bus();
    await keyring('unlocked');
    await remembered(env, 'a');
    await (await client(env)).ask({ op: 'delete', account: reference });
    const { keyring: pins, warnings } = open(env);
    expect([...(await pins.recall([reference])).keys()]).toEqual([]);
    expect(warnings).toEqual([{ kind: 'pins-missing', references: [reference] }]);
  });

  test('a keychain made anew is told', async () => {
    const { env, home, keyring } = await bus();
    const daemon = await keyring('unlocked');
    await remembered(env, 'a');
    await stop(daemon);
    rmSync(join(home, '.local', 'share', 'keyrings'), { recursive: true });
    await keyring('unlocked');
    const { keyring: pins, warnings } = open(env);
    expect([...(await pins.recall([reference])).keys()]).toEqual([]);
    expect(warnings).toEqual([{ kind: 'pins-lost' }]);
    expect(await pins.where()).toBe('keychain');
  });

  test('pins in files move into the keychain; where both know a guest, the keychain stands', async () => {
    const { env, keyring } = await bus();
    const daemon = await keyring('unlocked');
    await remembered(env, 'old');
    await stop(daemon);
    const away = open(env);
    await away.keyring.remember([pin('swapped'), pin('a', 'github:ada')]);
    expect(await away.keyring.where()).toBe('file');
    await away.keyring.close();
    await keyring('unlocked');
    const { keyring: pins, warnings } = open(env);
    const found = await pins.recall([reference, 'github:ada']);
    expect(found.get(reference)).toEqual(pin('old'));
    expect(found.get('github:ada')).toEqual(pin('a', 'github:ada'));
    expect(warnings).toEqual([{ kind: 'pins-moved', moved: 2, conflicting: [reference] }]);
    const next = open(env);
    await next.keyring.recall([reference]);
    expect(next.warnings).toEqual([]);
  });

  test('neither keychain nor state folder: told, and remembered for the run alone', async () => {
    const { home } = await bus();
    mkdirSync(join(home, '.local', 'state'), { recursive: true });
    symlinkSync(tmpdir(), join(home, '.local', 'state', 'tmuxpair'));
    const { keyring, warnings } = open({ HOME: home });
    await keyring.remember([pin('a')]);
    expect((await keyring.recall([reference])).get(reference)).toEqual(pin('a'));
    expect(await keyring.where()).toBe('nowhere');
    expect(warnings).toMatchObject([
      { kind: 'state-refused', trouble: { cause: 'symlink' } },
      { kind: 'keychain-unusable', trouble: { cause: 'no-bus' } },
    ]);
  });

  test('what is forgotten is gone for the next run', async () => {
    const { env, keyring } = await bus();
    await keyring('unlocked');
    await remembered(env, 'a');
    await remembered(env, 'b', 'github:ada');
    const { keyring: pins } = open(env);
    expect(await pins.forget([reference, 'github:eve'])).toEqual([reference]);
    const next = open(env);
    expect([...(await next.keyring.recall([reference, 'github:ada'])).keys()]).toEqual(['github:ada']);
    expect(next.warnings).toEqual([]);
  });

  test('what a locked keychain holds is not said to be forgotten', async () => {
    const { env, keyring } = await bus();
    const daemon = await keyring('unlocked');
    await remembered(env, 'a');
    await stop(daemon);
    const locked = await keyring('locked');
    const { keyring: pins, warnings } = open(env);
    expect(await pins.forget([reference])).toEqual([]);
    expect(warnings).toEqual([
      { kind: 'not-forgotten', references: [reference], trouble: withDetail('locked') },
    ]);
    await stop(locked);
    await keyring('unlocked');
    expect((await open(env).keyring.recall([reference])).get(reference)).toEqual(pin('a'));
  });
});

test('the process does not outlive the program, even with a call that hangs', async () => {
  const { env, keyring } = await bus();
  (await keyring('unlocked')).kill('SIGSTOP');
  const started = build.start(env);
  if (!started.ok) throw new Error(started.trouble.cause);
  const child = started.value;
  await once(child.stdout, 'data');
  child.stdin.end('{"id":0,"op":"get","account":"github:octocat"}\n');
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
});

test('a healthy run', async () => {
  const { env, keyring } = await bus();
  await keyring('unlocked');
  const from = performance.now();
  const { keyring: pins, warnings } = open(env);
  await pins.recall([reference]);
  const first = performance.now();
  await pins.remember([pin('a')]);
  const second = performance.now();
  await pins.recall([reference]);
  const third = performance.now();
  took.push(
    `healthy: first recall ${(first - from).toFixed(0)} ms, remember ${(second - first).toFixed(1)} ms, recall ${(third - second).toFixed(1)} ms`,
  );
  expect(warnings).toEqual([]);
  expect(await pins.where()).toBe('keychain');
});
