import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Attempt, commands, copies, forwards, openTargets } from '../support/attempts.ts';
import { makeStage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { inRoom, keyFileOf, startPairing } from '../support/pairing.ts';
import { isWhole } from '../support/whole.ts';

test.each([
  ['G1', 'runs no command', commands],
  ['G2', 'copies nothing, and starts no subsystem', copies],
  ['G3', 'forwards nothing', forwards],
] as const)("%s: a guest %s; a key of the host's own does all of it", async (_, __, attempts) => {
  await using stage = await makeStage();
  const [guest, me] = await Promise.all([stage.guest(), stage.guest()]);
  if (!guest || !me) throw new Error('two');
  await stage.writeKeys(`${me.identity.publicKey}\n`);
  const host = await startPairing(stage, [await keyFileOf(stage, guest)]);
  const environment = await inRoom(stage, 'pair', 'show-environment');
  await using targets = await openTargets(stage);
  const outcomes = async (who: Guest) => {
    await using master = await who.master();
    const worked: Record<string, boolean> = {};
    for (const [name, attempt] of Object.entries<Attempt>(attempts))
      worked[name] = await attempt(who, { stage, master, ...targets });
    return worked;
  };
  const all = (value: boolean) => Object.fromEntries(Object.keys(attempts).map((name) => [name, value]));
  expect(await outcomes(guest)).toEqual(all(false));
  expect(await outcomes(me)).toEqual({ ...all(true), ...('-w' in attempts ? { '-w': false } : {}) });
  expect(await inRoom(stage, 'pair', 'show-environment')).toBe(environment);
  expect(await guest.run(['-s'], ['undefined'])).toMatchObject({ exitCode: 255, stdout: '' });
  expect(existsSync(`${stage.account.home}/made`)).toBe('-R unix' in attempts);
  expect(await host.isRunning()).toBe(true);
});

test.runIf(isWhole())(
  'G3: --forward opens the ports that were asked for, and no other; --read-only goes with none',
  async () => {
    await using stage = await makeStage();
    const guest = await stage.guest();
    await using targets = await openTargets(stage);
    await using closed = await openTargets(stage);
    const path = await keyFileOf(stage, guest);
    const asked = String(targets.port);
    const host = await startPairing(stage, ['--forward', asked, path]);
    await using master = await guest.master();
    const { '-L to TCP': tcp, '-L to a unix socket': unix, '-R TCP': remote } = forwards;
    const around = { stage, master };
    expect(await tcp?.(guest, { ...around, ...targets })).toBe(true);
    expect(await tcp?.(guest, { ...around, ...closed })).toBe(false);
    expect(await unix?.(guest, { ...around, ...targets })).toBe(false);
    expect(await remote?.(guest, { ...around, ...targets })).toBe(false);
    expect((await guest.run([], ['id'])).stdout).toBe('');
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    expect(await stage.run(['-r', '--forward', asked, path])).toMatchObject({ exitCode: 2 });
  },
);

test('G7: what a guest puts into the environment or the command is run by nobody, and a known terminal works', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const host = await startPairing(stage, [await keyFileOf(stage, guest)]);
  await host.type('echo here-$((20+1))\r');
  const made = `made-${process.pid}`;
  const poison = `$(touch ${made});\`touch ${made}\`;touch ${made}|touch ${made}`;
  const locales = Object.fromEntries(['LC_ALL', 'LC_CTYPE', 'LC_x', 'LANG'].map((name) => [name, poison]));
  const options = ['-o', 'SendEnv=LC_* LANG'];
  const terms = [
    'xterm-256color',
    'x'.repeat(4096),
    'xterm-unheard-of',
    '../../../etc/passwd',
    './x',
    poison,
    '-x',
    'vt100',
  ];
  for (const TERM of terms) {
    const seat = await guest.join({ env: { ...locales, TERM }, options, command: [poison] });
    await seat.waitFor('here-21');
    await seat.type(`echo ${TERM.length}-typed\r`);
    await host.waitFor(new RegExp(`^${TERM.length}-typed$`, 'm'));
    await seat.closeTerminal();
    await host.type('clear; echo here-$((20+1))\r');
    await host.waitForNo('-typed');
  }
  const told = await guest.run(options, [poison], { env: { ...locales } });
  expect(told).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('tmuxpair: there is only a terminal to share here'),
  });
  for (const folder of [stage.account.home, '/', '/tmp', stage.account.scratch, guest.account.home])
    expect(existsSync(`${folder}/${made}`), folder).toBe(false);
  expect(await inRoom(stage, 'pair', 'show-environment', '-g')).not.toContain('touch');
});
