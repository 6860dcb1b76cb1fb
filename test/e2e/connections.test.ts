import { expect, test } from 'vitest';
import type { Finished } from '../support/execute.ts';
import { makeStage } from '../support/fixture.ts';
import { expectNothingLeft } from '../support/live.ts';
import { keyFileOf, sessions, startPairing } from '../support/pairing.ts';
import type { Terminal } from '../support/terminal.ts';
import { rows } from '../support/whole.ts';

const own = '# mine\n';

/** How a pairing ends, and the program's exit code then. That time is up is in ttl.test.ts. */
const ends: Readonly<Record<string, readonly [(host: Terminal) => unknown, number]>> = {
  detach: [(host) => host.sendKeys('C-b', 'd'), 0],
  SIGTERM: [(host) => host.signal('SIGTERM'), 143],
  'the end of the session': [(host) => host.type('exit\r'), 0],
};

test.each(rows(Object.entries(ends), 1))(
  'G4 G5 G10: %s: connections that were open are gone or refused, and so is every new one',
  async (how, [end, exit]) => {
    await using stage = await makeStage({ keys: own });
    const [guest, second] = await Promise.all([stage.guest(), stage.guest()]);
    if (!guest || !second) throw new Error('two guests');
    const before = stage.snapshot();
    const path = await keyFileOf(stage, [guest, second]);
    const host = await startPairing(stage, [path]);
    // One with a session in it, one that had a session and has none now, one that never had any.
    const busy = await guest.master({ session: 'terminal' });
    await busy.terminal?.waitFor('[pair]');
    const left = await second.master();
    const visit = await left.join();
    await visit.waitFor('[pair]');
    await visit.sendKeys('C-b', 'd');
    await visit.exitStatus();
    const silent = await guest.master();
    const more = await busy.join();
    await more.waitFor('[pair]');
    expect(await Promise.all([busy, left, silent].map((master) => master.isAlive()))).toEqual([
      true,
      true,
      true,
    ]);

    await end(host);
    await busy.terminal?.exitStatus();
    await more.exitStatus();
    // At once, as a program that waits for the end would.
    const again = await Promise.all([1, 2, 3].map(() => guest.run(['-tt'], [], { timeout: 10_000 })));
    for (const one of again) expectRefused(one);
    expect(await host.exitStatus()).toBe(exit);

    expect(await Promise.all([busy, left].map((master) => master.isAlive()))).toEqual([false, false]);
    for (const master of [busy, left, silent]) {
      expectRefused(await master.channel(['-tt'], [], { timeout: 10_000 }));
    }
    expect((await guest.run([], ['id'])).stderr).toContain('Permission denied');
    stage.expectUntouched(before);
    await silent.close();
    await expectNothingLeft(stage);
    expect(sessions(stage)).toEqual(how === 'the end of the session' ? [] : ['pair']);
  },
);

/** Whoever is let in stays, and is ended by the time limit with an error of its own. */
function expectRefused({ exitCode, stdout }: Finished): void {
  expect(exitCode).not.toBe(0);
  expect(stdout).not.toMatch(/\[pair\]|\$ /);
}
