import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { keyFileOf, startPairing } from '../support/pairing.ts';

test.each([
  ['read-write', [], '[pair]'],
  ['read-only', ['--read-only'], 'view only'],
] as const)('%s: a tmux whose path sh would take apart', async (_, options, sight) => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const tmux = `${stage.account.home}/it's $(touch x) my/tmux`;
  const where = (await stage.account.demand('sh', ['-c', 'command -v tmux'])).trim();
  await stage.account.demand('mkdir', ['-p', tmux.replace(/\/tmux$/, '')]);
  await stage.account.demand('ln', ['-s', where, tmux]);
  const host = await startPairing(stage, [...options, '--tmux', tmux, await keyFileOf(stage, guest)]);
  const seat = await guest.join();
  await seat.waitFor(sight);
  expect(await stage.account.demand('find', [stage.account.home, '-name', 'x'])).toBe('');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
});
