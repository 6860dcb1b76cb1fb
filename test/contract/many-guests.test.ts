import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { defaultLimits, fetchKeys, parseReference, slotsPerHost } from '../../providers/index.ts';
import type { Reference } from '../../src/domain/guest.ts';
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
const guestsOf = (kind: string, forge: Forge) =>
  names.map((name) => parseReference(`${kind}:${name}@${forge.host}`, {}));

/** Fetches all at once, as a pairing does. */
function together(guests: readonly Reference[], signal = new AbortController().signal) {
  const slots = slotsPerHost(defaultLimits.perHost);
  return Promise.allSettled(guests.map((reference) => fetchKeys(reference, { env: {}, signal, slots })));
}

test('thirty guests of one host: eight in flight, as long as the rounds that makes', async () => {
  const forge = await start('github');
  const guests = guestsOf('github', forge);
  await together(guests.slice(0, 1));
  const from = performance.now();
  const outcomes = await together(guests);
  const took = performance.now() - from;
  const rounds = Math.ceil(names.length / 8) * delayMs;
  console.info(
    `30 guests at ${delayMs} ms, 8 in flight: ${took.toFixed(0)} ms, ${(took / rounds).toFixed(2)} of ${rounds} ms`,
  );
  expect(outcomes.map(({ status }) => status)).toEqual(guests.map(() => 'fulfilled'));
  expect(forge.mostInFlight()).toBe(8);
  expect(took).toBeLessThan(rounds * 2);
});

test('hosts do not wait for each other', async () => {
  const [github, gitlab] = [await start('github'), await start('gitlab')];
  const outcomes = await together([...guestsOf('github', github), ...guestsOf('gitlab', gitlab)]);
  expect(outcomes.every(({ status }) => status === 'fulfilled')).toBe(true);
  expect([github.mostInFlight(), gitlab.mostInFlight()]).toEqual([8, 8]);
});

test('a guest that fails frees its slot and does not stop the others', async () => {
  const forge = await start('gitlab');
  forge.delayMs = 0;
  const unknown = Array.from({ length: 20 }, (_, n) => parseReference(`gitlab:no${n}@${forge.host}`, {}));
  const outcomes = await together([...unknown, ...guestsOf('gitlab', forge)]);
  expect(outcomes.map(({ status }) => status)).toEqual([
    ...unknown.map(() => 'rejected'),
    ...names.map(() => 'fulfilled'),
  ]);
});

test('an abort ends those under way and those that wait, with its own reason', async () => {
  const forge = await start('github');
  forge.fault = 'silent';
  const stop = new AbortController();
  const pending = together(guestsOf('github', forge), stop.signal);
  const reason = new Error('enough');
  await expect.poll(() => forge.mostInFlight()).toBe(8);
  stop.abort(reason);
  expect(await pending).toEqual(names.map(() => ({ status: 'rejected', reason })));
  expect(forge.requests).toHaveLength(8);
});
