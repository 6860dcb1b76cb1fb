import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { forges, type Limits, parseReference } from '../../providers/index.ts';
import type { KeyType } from '../../src/domain/public-key.ts';
import { type Fault, limitReset } from '../support/forge/faults.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import { outcomeOf, type Subject, subjects, token } from '../support/forge/subjects.ts';
import { fingerprints, keygen } from '../support/keys/keygen.ts';
import { ed25519Line, line, skLines, wire } from '../support/keys/wire.ts';

/** For the faults that last until a limit. The others run under the limits of every day. */
const short: Partial<Limits> = { firstByteMs: 200, wholeMs: 400 };
const weak = keygen('rsa', 1024).publicLine;
const everyType = [keygen('ed25519'), keygen('rsa', 3072), keygen('ecdsa', 384)].map(
  (made) => made.publicLine,
);
everyType.push(...skLines());

/** The stated outcome of every fault: `host` and `reference` are added where the failure carries them. */
const stated: Readonly<Record<Fault, (subject: Subject, forge: Forge) => object>> = {
  unauthorized: (subject) =>
    subject.authorized === undefined
      ? { kind: 'forge-token-needed', ...named(subject) }
      : { kind: 'forge-token-refused', tokenVariable: subject.authorized },
  forbidden: () => ({ kind: 'forge-status', status: 403 }),
  'limited-403': (subject) => ({ kind: 'forge-rate-limited', resetAt: limitReset, ...named(subject) }),
  'limited-secondary': (subject) => ({ kind: 'forge-rate-limited', ...named(subject) }),
  'limited-429': (subject) => ({ kind: 'forge-rate-limited', resetAt: expect.any(Date), ...named(subject) }),
  'limited-without-token': (subject) =>
    subject.authorized === undefined
      ? { kind: 'forge-rate-limited', resetAt: limitReset, ...named(subject) }
      : { kind: 'keys' },
  'not-found': () => ({ kind: 'guest-unknown' }),
  conflict: () => ({ kind: 'forge-status', status: 409 }),
  'server-error': () => ({ kind: 'forge-status', status: 500 }),
  html: () => answer('content of type text/html; charset=utf-8'),
  'html-as-expected-type': (subject) =>
    answer(subject.paged ? 'JSON that can not be parsed' : 'HTML in place of keys'),
  'wrong-shape': (subject) =>
    answer(
      subject.paged ? 'JSON that is no list of objects' : 'content of type application/json; charset=utf-8',
    ),
  truncated: () => answer('cut short'),
  'truncated-within-length': (subject) =>
    subject.paged ? answer('JSON that can not be parsed') : { kind: 'keys', refused: [{ line: 2 }] },
  slow: () => ({ kind: 'forge-timeout', seconds: 0.4 }),
  silent: () => ({ kind: 'forge-timeout', seconds: 0.2 }),
  huge: () => answer('more than 1000000 bytes'),
  'redirect-off-host': () => ({ kind: 'forge-redirect', to: 'http://127.0.0.1:1' }),
  'redirect-on-host': () => ({ kind: 'keys' }),
  'redirect-with-password': () => ({ kind: 'keys' }),
  'redirect-loop': () => answer('more than 3 redirects'),
  'redirect-nowhere': () => answer('a redirect to nowhere'),
  dropped: () => ({ kind: 'forge-unreachable', cause: 'ECONNRESET' }),
  garbage: () => answer('no HTTP that can be read'),
  'unasked-304': () => answer('status 304, which was not asked for'),
  compressed: () => answer('a compressed body, which was not asked for'),
  'next-page-off-host': (subject) =>
    subject.paged ? { kind: 'forge-redirect', to: 'http://127.0.0.1:1' } : { kind: 'keys' },
  'endless-pages': (subject) => (subject.paged ? answer('more than 10 pages') : { kind: 'keys' }),
  deprecated: () => ({ kind: 'keys' }),
};

function answer(problem: string): object {
  return { kind: 'forge-answer', problem };
}

function named(subject: Subject): object {
  return subject.variable === undefined ? {} : { tokenVariable: subject.variable };
}

/** A row for those providers that it applies to; for others there is none. */
const where = (applies: unknown) => (applies ? test : () => {});

test('every forge is held to the contract', () => {
  const held = new Set(subjects.map(({ name }) => name.split(/[ ,]/)[0]));
  expect(forges.map(({ name }) => name).filter((name) => !held.has(name))).toEqual([]);
});

describe.each(subjects)('$name', (subject) => {
  let forge: Forge;
  const run = (env: Readonly<Record<string, string>> = {}, validator?: string) =>
    outcomeOf(subject.reference(forge), {
      env: { ...subject.env(forge), ...env },
      limits: forge.fault === 'slow' || forge.fault === 'silent' ? short : {},
      ...(validator === undefined ? {} : { validator }),
    });
  beforeAll(async () => {
    forge = await startForge({ kind: subject.kind, teams: { 'org/core': ['ada'] } });
  });
  beforeEach(() => {
    forge.fault = undefined;
    forge.users = { ada: [{ key: ed25519Line('ada@laptop') }, { key: ed25519Line() }] };
  });
  afterAll(() => forge.close());

  test('keys of every type, as ssh-keygen names them, with nothing of their comments', async () => {
    forge.users = { ada: [...everyType, everyType[0] ?? ''].map((key) => ({ key })) };
    const outcome = await run();
    if (outcome.kind !== 'keys') throw new Error(JSON.stringify(outcome));
    const bare = everyType.map((text) => text.split(' ').slice(0, 2));
    expect(outcome.keys).toEqual(
      fingerprints(bare.map((words) => words.join(' '))).map((fingerprint, index) => ({
        type: bare[index]?.[0] as KeyType,
        base64: bare[index]?.[1],
        fingerprint,
      })),
    );
    expect(outcome.refused).toEqual([]);
  });

  test('hostile keys are refused one by one, the sound one stays', async () => {
    const sound = ed25519Line();
    const hostile = [
      `command="id" ${sound}`,
      `${sound} \x1b[2J`,
      line('ssh-dss', wire('ssh-dss')),
      weak,
      `${sound.slice(0, -4)}`,
    ];
    forge.users = { ada: [...hostile, sound].map((key) => ({ key })) };
    const outcome = await run();
    if (outcome.kind !== 'keys') throw new Error(JSON.stringify(outcome));
    expect(outcome.keys).toHaveLength(1);
    expect(outcome.refused).toMatchObject([
      { line: 1, refusal: { reason: 'options-in-front' } },
      { line: 2, refusal: { reason: 'control-character' } },
      { line: 3, refusal: { reason: 'dsa' } },
      { line: 4, refusal: { reason: 'rsa-too-short', bits: 1024 } },
      { line: 5, refusal: { reason: 'malformed' } },
    ]);
  });

  test('many pages', async () => {
    const many = Array.from({ length: 250 }, () => ({ key: ed25519Line() }));
    forge.users = { ada: many };
    const from = forge.requests.length;
    const outcome = await run();
    expect(outcome).toMatchObject({
      kind: 'keys',
      keys: many.map(({ key }) => ({ base64: key.split(' ')[1] })),
    });
    expect(forge.requests.length - from).toBe((subject.paged ? 3 : 1) + (subject.authorized ? 1 : 0));
  });

  test('no keys, and none usable', async () => {
    forge.users = { ada: [] };
    const { text: reference } = parseReference(subject.reference(forge), subject.env(forge));
    expect(await run()).toEqual({ kind: 'no-keys', reference, refused: [] });
    forge.users = { ada: [{ key: weak }] };
    expect(await run()).toMatchObject({ kind: 'no-keys', refused: [{ line: 1 }] });
  });

  test('an unknown user', async () => {
    forge.users = { bob: [{ key: ed25519Line() }] };
    const unknown = { kind: 'guest-unknown', host: forge.host };
    expect(await run()).toMatchObject(subject.authorized ? { kind: 'no-keys' } : unknown);
  });

  test.each(Object.entries(stated))('%s', async (fault, expected) => {
    forge.fault = fault as Fault;
    const outcome = await run();
    const where = outcome.kind.startsWith('forge-') ? { host: forge.host } : {};
    expect(outcome).toMatchObject({ ...where, ...expected(subject, forge) });
    if (subject.variable === undefined && outcome.kind !== 'forge-token-refused')
      expect(outcome).not.toHaveProperty('tokenVariable');
  });

  test('the manners of a request', async () => {
    await run();
    expect(forge.requests.at(-1)?.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^tmuxpair\/\d+\.\d+\.\d+$/),
      'accept-encoding': 'identity',
      host: forge.host,
    });
    expect(forge.requests.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  where(subject.validates)('a validator is honoured; what is no ETag is not sent', async () => {
    const first = await run();
    if (first.kind !== 'keys') throw new Error(JSON.stringify(first));
    expect(first.validator).toMatch(/^W\/"/);
    expect(await run({}, first.validator)).toEqual({ kind: 'not-modified' });
    forge.users = { ada: [{ key: ed25519Line() }] };
    expect(await run({}, first.validator)).toMatchObject({ kind: 'keys' });
    await run({}, '"a"\r\nx: y');
    expect(forge.requests.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  where(subject.paged)('a list of more than one page has no validator', async () => {
    forge.users = { ada: Array.from({ length: 101 }, () => ({ key: ed25519Line() })) };
    expect(await run()).not.toHaveProperty('validator');
  });

  const tokens = subject.token;
  where(tokens)('its token is sent, and named when it is refused', async () => {
    if (!tokens) return;
    const env = { [tokens.variable]: token };
    expect(await run(env)).toMatchObject({ kind: 'keys' });
    expect(forge.requests.at(-1)?.headers[tokens.header]).toBe(tokens.sent);
    forge.fault = 'unauthorized';
    expect(await run(env)).toMatchObject({ kind: 'forge-token-refused', tokenVariable: tokens.variable });
    forge.fault = 'limited-403';
    const limited = await run(env);
    expect(limited).toMatchObject({ kind: 'forge-rate-limited', resetAt: limitReset });
    expect(limited).not.toHaveProperty('tokenVariable');
  });

  where(tokens)('a token that could not be one is a usage failure, and is not repeated', async () => {
    if (!tokens) return;
    const outcome = await run({ [tokens.variable]: 'tok\nevil: header' });
    expect(outcome).toEqual({
      kind: 'usage',
      problem: `${tokens.variable} holds a character that no token has`,
    });
  });

  test('no one listens', async () => {
    const gone = await startForge({ kind: subject.kind });
    await gone.close();
    const outcome = await outcomeOf(subject.reference(gone), { env: subject.env(gone) });
    expect(outcome).toMatchObject({ kind: 'forge-unreachable', cause: 'ECONNREFUSED', host: gone.host });
  });

  test('an abort ends it with its own reason', async () => {
    forge.fault = 'silent';
    const from = forge.requests.length;
    const stop = new AbortController();
    const pending = outcomeOf(subject.reference(forge), { env: subject.env(forge), signal: stop.signal });
    await vi.waitFor(() => expect(forge.requests.length).toBe(from + 1));
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });
});
