import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { invited } from '../support/live.ts';
import { pairAs } from './hosts.ts';
import { type Figure, figureOf } from './measure.ts';
import { builds } from './programs.ts';
import { type Seat, seatBy } from './seat.ts';

const shown = 'look-here';
const keys = ['^', '|', '&', '{'] as const;
/** In ms: between two keystrokes, and for how long. */
const [rest, minute] = [50, 60_000];

/**
 * In a terminal: comes in again and again, with a huge one, or makes it huge once they are in. By rights on a machine of
 * their own: here their ssh gives way to what the host runs.
 */
function viewer(guest: Guest, how: 'usual' | 'huge from the start' | 'huge once in'): Seat {
  const ssh = ['ssh', ...guest.sshArgs(['-tt'])].map((word) => `'${word}'`).join(' ');
  const [usual, size] = ['stty cols 80 rows 24 <&3', 'stty cols 10000 rows 10000 <&3'];
  const visit = {
    usual: `${usual}; timeout --foreground 4 ${ssh}`,
    'huge from the start': `${size}; timeout --foreground 3 ${ssh}`,
    'huge once in': `${usual}; { sleep 3; ${size}; } & timeout --foreground 6 ${ssh}`,
  }[how];
  const again = `exec 3<&0; trap 'exit' HUP TERM; while :; do ${visit}; sleep 0.05; done`;
  return seatBy(guest.account, 'nice', ['-n', '19', 'script', '-qfec', again, '/dev/null']);
}

async function echoes(host: Seat, milliseconds: number): Promise<number[]> {
  const took: number[] = [];
  for (const until = performance.now() + milliseconds; performance.now() < until; ) {
    await pause(rest);
    const key = keys[took.length % keys.length] ?? '^';
    const from = performance.now();
    host.type(key);
    took.push((await host.sees(key)) - from);
  }
  return took;
}

test('i. viewers: the host’s echo while four with terminals of 10000x10000 come in again and again', async ({
  task,
}) => {
  await using stage = await makeStage();
  const [build] = await builds();
  if (!build) throw new Error('no build');
  const names = ['v1', 'v2', 'v3', 'v4'];
  const guests = await Promise.all(names.map((name) => invited(stage, name)));
  const command = ['sh', '-c', `echo ${shown}; exec cat`];
  const live = await pairAs(stage, build, ['-r', ...names.map((name) => `${name}.pub`), '--', ...command]);
  const attach = `stty cols 100 rows 30; exec tmux -S ${live.socket} attach`;
  const host = seatBy(stage.account, 'script', ['-qfec', attach, '/dev/null']);
  await host.sees(shown);

  const alone = await echoes(host, 5000);
  /** While they come in again and again, once they have seen something. */
  const meanwhile = async (
    viewers: readonly Seat[],
    seen: string,
    milliseconds: number,
  ): Promise<number[]> => {
    await Promise.all(viewers.map((one, n) => one.sees(n % 2 === 0 ? seen : 'view only')));
    const took = await echoes(host, milliseconds);
    await Promise.all(viewers.map((one) => one.leave()));
    return took;
  };
  const usual = guests.map((guest) => viewer(guest, 'usual'));
  const ordinary = await meanwhile(usual, 'view only', minute);
  const huge = guests.map((guest, n) => viewer(guest, n % 2 === 0 ? 'huge from the start' : 'huge once in'));
  const all = await meanwhile(huge, 'make your window smaller', minute);
  await host.leave();

  const before = figureOf('before they came', alone, 'ms');
  const minutes = (who: string, took: readonly number[]): Figure[] => {
    const figure = figureOf(`four with ${who}, for a minute`, took, 'ms');
    const late = figureOf(`four with ${who}, the slowest hundredth`, slowest(took), 'ms');
    return [{ ...figure, ratios: { [before.name]: figure.median / before.median } }, late];
  };
  task.meta.figures = [before, ...minutes('usual terminals', ordinary), ...minutes('huge ones', all)];
});

/** The slowest hundredth, at least one. */
function slowest(took: readonly number[]): number[] {
  return [...took].sort((a, b) => b - a).slice(0, Math.max(1, Math.floor(took.length / 100)));
}
