import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Finished } from '../support/execute.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Identity } from '../support/identity.ts';
import { expectNothingLeft } from '../support/live.ts';
import { inRoom, keyFileOf, leaseLines, sessions, startPairing } from '../support/pairing.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';

const own = '# mine\n';

/** How a pairing ends, and the program's exit code then. That time is up is in ttl.test.ts. */
const ends: Readonly<Record<string, readonly [(host: Terminal) => unknown, number]>> = {
  detach: [(host) => host.sendKeys('C-b', 'd'), 0],
  SIGTERM: [(host) => host.signal('SIGTERM'), 143],
  'the end of the session': [(host) => host.type('exit\r'), 0],
};

test.each(Object.entries(ends))(
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

test('G6: of 100 connections around the instant of the end, none stays', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const identities = await Promise.all(Array.from({ length: 12 }, () => guest.newIdentity()));
  const files = await Promise.all(identities.map((one, index) => keyFileOf(stage, one, `guest${index}`)));
  const before = stage.snapshot();
  const host = await startPairing(stage, files);

  const connections: Promise<unknown>[] = [];
  let inside = 0;
  /** Who is let in stays until made to go. */
  const connect = (identity: Identity): Promise<unknown> => {
    const child = guest.account.spawn('ssh', guest.as({ identity }).sshArgs(['-tt']), {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let entered = false;
    child.stdout?.on('data', (text) => {
      if (!entered && String(text).includes('[pair]')) inside += 1;
      entered ||= String(text).includes('[pair]');
    });
    return new Promise((ended) => child.once('exit', ended));
  };
  const come = async (): Promise<void> => {
    for (let n = 0; n < 100; n++) {
      connections.push(connect(identities[n % 12] ?? guest.identity));
      // A steady stream, so that at any instant somebody is at each step of coming in.
      await pause(40);
    }
  };
  const all = come();
  await until(() => inside >= 10, { what: 'ten to be in', timeout: 20_000 });
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  expect(leaseLines(stage)).toEqual([]);
  expect(await attached(stage)).toBe(false);
  await all;
  await Promise.all(connections);
  expect(connections).toHaveLength(100);
  expect(inside).toBeLessThan(90);
  expect(await attached(stage)).toBe(false);
  stage.expectUntouched(before);
  await expectNothingLeft(stage);
});

/** Whether anyone besides the host is in the room. */
async function attached(stage: Stage): Promise<boolean> {
  return (await inRoom(stage, 'pair', 'list-clients', '-F', '#{client_flags}')).includes('ignore-size');
}
