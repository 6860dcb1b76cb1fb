import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { fetchAll, parseReference } from '../../providers/index.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import { ed25519Line } from '../support/keys/wire.ts';

const running: Forge[] = [];
const warnings: Error[] = [];
const warned = (warning: Error) => warnings.push(warning);
beforeAll(() => {
  process.on('warning', warned);
});
afterAll(() => {
  process.off('warning', warned);
  // Node would print these over the host's terminal
  expect(warnings).toEqual([]);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((forge) => forge.close()));
});

const names = Array.from({ length: 30 }, (_, index) => `ada${index}`);
const delayMs = 100;
const start = async (kind: 'github' | 'gitlab') => {
  const users = Object.fromEntries(names.map((name) => [name, [{ key: ed25519Line() }]]));
  const forge = await startForge({ kind, users, delayMs });
  running.push(forge);
  return forge;
};
const wantedOf = (kind: string, forge: Forge) =>
  names.map((name) => ({ reference: parseReference(`${kind}:${name}@${forge.host}`, {}) }));
const signal = new AbortController().signal;

test('thirty guests of one host: eight in flight, as long as the rounds that makes', async () => {
  const forge = await start('github');
  const wanted = wantedOf('github', forge);
  await fetchAll(wanted.slice(0, 1), { env: {}, signal });
  const from = performance.now();
  const outcomes = await fetchAll(wanted, { env: {}, signal });
  const took = performance.now() - from;
  const rounds = Math.ceil(names.length / 8) * delayMs;
  console.info(
    `30 guests at ${delayMs} ms, 8 in flight: ${took.toFixed(0)} ms, ${(took / rounds).toFixed(2)} of ${rounds} ms`,
  );
  expect(outcomes.map((outcome) => [outcome.ok, outcome.reference])).toEqual(
    wanted.map((each) => [true, each.reference]),
  );
  expect(forge.mostInFlight()).toBe(8);
  expect(took).toBeLessThan(rounds * 2);
});

test('hosts do not wait for each other', async () => {
  const [github, gitlab] = [await start('github'), await start('gitlab')];
  const wanted = [...wantedOf('github', github), ...wantedOf('gitlab', gitlab)];
  const outcomes = await fetchAll(wanted, { env: {}, signal });
  expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
  expect([github.mostInFlight(), gitlab.mostInFlight()]).toEqual([8, 8]);
});

test('a guest that fails does not stop the others; each has its own validator', async () => {
  const forge = await start('gitlab');
  forge.delayMs = 0;
  const [first, second] = wantedOf('gitlab', forge);
  const unknown = parseReference(`gitlab:nobody@${forge.host}`, {});
  if (!first || !second) throw new Error('two guests at least');
  const [known] = await fetchAll([first], { env: {}, signal });
  const validator = known?.ok && known.fetched.kind === 'keys' ? known.fetched.validator : undefined;
  if (validator === undefined) throw new Error('a validator');
  const outcomes = await fetchAll([{ ...first, validator }, { reference: unknown }, second], {
    env: {},
    signal,
  });
  expect(outcomes).toMatchObject([
    { ok: true, fetched: { kind: 'not-modified' } },
    { ok: false, reference: unknown, failure: { kind: 'guest-unknown', reference: unknown.text } },
    { ok: true, fetched: { kind: 'keys' } },
  ]);
});

test('an abort ends those under way and those that wait, with its own reason', async () => {
  const forge = await start('github');
  forge.fault = 'silent';
  const stop = new AbortController();
  const pending = fetchAll(wantedOf('github', forge), { env: {}, signal: stop.signal });
  const reason = new Error('enough');
  const refused = expect(pending).rejects.toBe(reason);
  await vi.waitFor(() => expect(forge.requests.length).toBe(8));
  const from = performance.now();
  stop.abort(reason);
  await refused;
  expect(performance.now() - from).toBeLessThan(1000);
  expect(forge.requests.length).toBe(8);
});
