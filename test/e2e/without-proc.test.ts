import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { expectNothingLeft, leases } from '../support/live.ts';
import { keyFileOf, leaseLines, startPairing } from '../support/pairing.ts';
import { isRoot } from '../support/run.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

/** What is left of a system that has no /proc, as macOS: `ps`, with BSD's columns. */
const account = { proc: false } as const;

test.runIf(isRoot()).each([
  ['read-write', [], '[pair]'],
  ['read-only', ['--read-only'], 'view only'],
] as const)('a system without /proc: %s: in, told, and out at the end', async (_, options, sight) => {
  await using stage = await makeStage({ account, keys: '# mine\n' });
  await expect(stage.account.demand('cat', ['/proc/self/stat'])).rejects.toThrow();
  const guest = await stage.guest();
  const before = stage.snapshot();
  const host = await startPairing(stage, [...options, await keyFileOf(stage, guest)]);
  expect(leaseLines(stage)).toHaveLength(1);
  const seat = await guest.join();
  await seat.waitFor(sight);
  await host.waitFor(/has joined from 127\.0\.0\.1/);
  await host.type('echo seen-$((20+1))\r');
  await seat.waitFor('seen-21');
  await host.sendKeys('C-b', 'd');
  await seat.exitStatus();
  expect(await host.exitStatus()).toBe(0);
  stage.expectUntouched(before);
  await expectNothingLeft(stage);
});

test.runIf(isRoot() && isWhole())(
  'a system without /proc: the supervisor is killed: guests out, and the file as before',
  async () => {
    await using stage = await makeStage({ account, keys: '# mine\n' });
    const guest = await stage.guest();
    const before = stage.snapshot();
    const host = await startPairing(stage, ['--read-only', await keyFileOf(stage, guest)]);
    const seat = await guest.join();
    await seat.waitFor('view only');
    const killed = performance.now();
    await stage.account.demand('kill', ['-KILL', String(host.pid)]);
    await seat.exitStatus();
    expectWithin(performance.now() - killed, 2000);
    await until(() => leases(stage).length === 0, { what: 'the sweep' });
    stage.expectUntouched(before);
  },
);
