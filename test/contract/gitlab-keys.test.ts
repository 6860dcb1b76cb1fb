import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Forge, startForge } from '../support/forge/start.ts';
import { outcomeOf } from '../support/forge/subjects.ts';
import { fingerprints } from '../support/keys/keygen.ts';
import { ed25519Line } from '../support/keys/wire.ts';

let forge: Forge;
beforeAll(async () => {
  forge = await startForge({ kind: 'gitlab' });
});
afterAll(() => forge.close());
const run = () => outcomeOf('gitlab:ada', { env: { GITLAB_URL: forge.url } });

test('signing-only and expired keys are refused by name', async () => {
  const [auth, both, signing, past, future] = Array.from({ length: 5 }, () => ed25519Line());
  const soon = new Date(Date.now() + 60_000).toISOString();
  forge.users = {
    ada: [
      { key: auth ?? '', usage: 'auth' },
      { key: both ?? '', usage: 'auth_and_signing' },
      { key: signing ?? '', usage: 'signing' },
      { key: past ?? '', expiresAt: '2020-01-02T03:04:05.678Z' },
      { key: future ?? '', expiresAt: soon },
    ],
  };
  const names = fingerprints([auth ?? '', both ?? '', signing ?? '', past ?? '', future ?? '']);
  const outcome = await run();
  if (outcome.kind !== 'keys') throw new Error(JSON.stringify(outcome));
  expect(outcome.keys.map((key) => key.fingerprint)).toEqual([names[0], names[1], names[4]]);
  expect(outcome.refused).toEqual([
    { line: 3, fingerprint: names[2], refusal: { reason: 'signing-only' } },
    {
      line: 4,
      fingerprint: names[3],
      refusal: { reason: 'expired', at: new Date('2020-01-02T03:04:05.678Z') },
    },
  ]);
});

test('a list with a key that will expire has no validator: unchanged would not mean still valid', async () => {
  forge.users = { ada: [{ key: ed25519Line(), expiresAt: new Date(Date.now() + 60_000).toISOString() }] };
  expect(await run()).not.toHaveProperty('validator');
});

test('a list with signing-only keys alone lets nobody in', async () => {
  forge.users = { ada: [{ key: ed25519Line(), usage: 'signing' }] };
  expect(await run()).toMatchObject({ kind: 'no-keys', refused: [{ refusal: { reason: 'signing-only' } }] });
});

test.each([
  ['an expiry that is no time', { expiresAt: 'never' }, 'an entry with an "expires_at" that is no time'],
  ['a usage that is not known', { usage: 'deploy' as 'auth' }, 'an entry of unknown "usage_type"'],
])('%s refuses the whole answer', async (_, odd, problem) => {
  forge.users = { ada: [{ key: ed25519Line() }, { key: ed25519Line(), ...odd }] };
  expect(await run()).toMatchObject({ kind: 'forge-answer', problem });
});
