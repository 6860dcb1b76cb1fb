import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ask } from '../support/control.ts';
import { makeStage } from '../support/fixture.ts';
import { leases } from '../support/live.ts';
import { keyFileOf, startPairing } from '../support/pairing.ts';

test('G10: who was put out stays out, by a connection that was never used, too, when somebody of their name comes', async () => {
  await using stage = await makeStage();
  const [guest, successor] = await Promise.all([stage.guest(), stage.guest()]);
  if (!guest || !successor) throw new Error('two guests');
  const ada = await keyFileOf(stage, guest, 'ada');
  await startPairing(stage, [ada]);
  const silent = await guest.master();
  expect((await stage.run(['kick', 'ada'])).exitCode).toBe(0);

  await keyFileOf(stage, successor, 'ada');
  const invited = await stage.run(['invite', ada, '--json']);
  const labels = JSON.parse(invited.stdout).guests.map(({ label }: { label: string }) => label);
  expect(labels).toEqual(['ada-file']);
  const late = await silent.channel(['-tt']);
  expect(late.exitCode).not.toBe(0);
  expect(late.stdout).toContain('this pairing is over');
  const seat = await successor.join();
  await seat.waitFor('[pair]');
});

test('G10: a change of access that crosses a kick lets nobody back in', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  await startPairing(stage, [await keyFileOf(stage, guest, 'ada')]);
  const [folder = ''] = leases(stage);
  const silent = await guest.master();
  const [kicked, changed] = await Promise.all([
    ask(folder, { op: 'kick', guest: 'ada' }),
    ask(folder, { op: 'access', guest: 'ada', access: 'read-only' }),
  ]);
  expect(kicked.ok).toBe(true);
  expect(changed).toMatchObject({ ok: false, failure: { kind: 'no-such-guest' } });
  expect(existsSync(`${folder}/open/ada`)).toBe(false);
  expect((await silent.channel(['-tt'])).stdout).toContain('this pairing is over');
});
