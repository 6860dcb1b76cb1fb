import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import { expectNothingLeft, leases, litter } from '../support/live.ts';
import { holdKeys, keyFileOf, leaseLines, rooms, startPairing } from '../support/pairing.ts';
import { readProcess } from '../support/processes.ts';
import { expectWithin } from '../support/soon.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { rows } from '../support/whole.ts';

const own = '# mine\n';
const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 } as const;
type Signal = keyof typeof signals;
const all = Object.entries(signals) as [Signal, number][];

test.each(rows(all, 1))(
  'F2: %s during the fetch, and while another holds the lock: exit %i, at once',
  async (signal, exit) => {
    await using stage = await makeStage({ keys: own });
    const before = stage.snapshot();
    await using forge = await startForge({ kind: 'github', fault: 'silent' });
    const fetching = await stage.pair(['@octocat'], { env: { GITHUB_API_URL: forge.url } });
    await until(() => forge.requests.length > 0, { what: 'the forge to be asked' });
    await expectStopped(fetching, signal, exit);
    stage.expectUntouched(before);

    const path = await keyFileOf(stage, await stage.guest());
    const lock = holdKeys(stage);
    const locked = stage.snapshot();
    const waiting = await stage.pair([path]);
    // The flag is the last thing that is made before the grant, which then waits.
    await until(() => leases(stage).some((folder) => existsSync(`${folder}/open/guest`)), {
      what: 'the flag of the guest',
    });
    await expectStopped(waiting, signal, exit);
    await until(() => rooms(stage).length === 0, { what: 'the room that nobody has been in to be closed' });
    stage.expectUntouched(locked);
    await stage.account.demand('rm', ['-f', lock]);
    stage.expectUntouched(before);
  },
);

test('F2: a signal at whatever moment of the start: file as before, nobody in, and the exit code of the signal', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const before = stage.snapshot();
  const path = await keyFileOf(stage, guest);
  const moments: readonly (() => boolean)[] = [
    () => litter(stage).length > 0,
    () => rooms(stage).length > 0,
    () => leaseLines(stage).length > 0,
    () => stage.processes().some(({ cmd }) => cmd.includes('attach-session')),
  ];
  for (const [index, moment] of moments.entries()) {
    const [signal = 'SIGTERM', exit = 143] = all[index % 3] ?? [];
    const host = await stage.pair([path]);
    await until(moment, { what: `moment ${index}`, interval: 1 });
    await expectStopped(host, signal, exit);
    stage.expectUntouched(before);
    expect((await guest.run([], ['id'])).stderr).toContain('Permission denied');
    await expectNothingLeft(stage);
  }
});

test('F2: signals while the end runs, and after time is up while the host is still in', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const before = stage.snapshot();
  const path = await keyFileOf(stage, guest);
  const host = await startPairing(stage, [path]);
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await host.sendKeys('C-b', 'd');
  // Signals change nothing of an end that runs; where one comes first, it is the reason.
  for (let n = 0; n < 5 && readProcess(host.pid); n++) host.signal('SIGTERM');
  expect([0, 143]).toContain(await host.exitStatus());
  await seat.exitStatus();
  await expectNothingLeft(stage);
  stage.expectUntouched(before);

  const short = await startPairing(stage, ['--ttl', '5s', path]);
  await short.type('kept=$((20+1))\r');
  await until(() => leaseLines(stage).length === 0, { what: 'the deadline' });
  await short.waitFor('the session is yours');
  stage.expectUntouched(before);
  short.signal('SIGTERM');
  expect(await short.exitStatus()).toBe(143);
  expect(await short.screen()).toContain('time is up: access is revoked');
  await expectNothingLeft(stage);
  const again = await startPairing(stage, [path]);
  await again.type('echo still-$kept\r');
  await again.waitFor(/^still-21$/m);
});

/** The end by a signal: soon, with its exit code, and without a word of failure. */
async function expectStopped(host: Terminal, signal: Signal, exit: number): Promise<void> {
  host.signal(signal);
  const since = performance.now();
  expect(await host.exitStatus()).toBe(exit);
  expectWithin(performance.now() - since, 3000);
  expect(await host.transcript()).not.toContain('tmuxpair: error:');
  await host.close();
}
