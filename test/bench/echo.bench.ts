import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { invited } from '../support/live.ts';
import { bareHost, pairAs } from './hosts.ts';
import { type Contender, inTurn } from './measure.ts';
import { builds } from './programs.ts';
import { takeSeat } from './seat.ts';

const [floor, shown] = ['ssh and tmux', 'look-here'];
const command = ['sh', '-c', `echo ${shown}; exec cat`];
/** In no escape sequence and on no status line, and nothing that ssh takes for itself. */
const keys = ['^', '|', '&', '{'] as const;
/** Between two keystrokes, in ms, so that each finds everything idle as somebody who types does. */
const rest = 15;

/** Gives the time from a key of the guest's until its echo. */
async function typist(guest: Guest): Promise<() => Promise<number>> {
  const seat = takeSeat(guest);
  await seat.sees(shown);
  let typed = 0;
  return async () => {
    await pause(rest);
    const key = keys[typed++ % keys.length] ?? '^';
    const from = performance.now();
    seat.type(key);
    return (await seat.sees(key)) - from;
  };
}

test('g. echo: a keystroke and its echo', async ({ task }) => {
  await using stage = await makeStage();
  const bare = await stage.guest();
  await bareHost(stage, [bare], command);
  const contenders: Contender[] = [{ name: floor, run: await typist(bare) }];
  for (const build of await builds()) {
    const session = build.name.replace(' ', '-');
    const guest = await invited(stage, session);
    await pairAs(stage, build, ['-s', session, `${session}.pub`, '--', ...command]);
    const run = await typist(guest);
    contenders.push({ name: `${build.name}, read-write`, floors: [floor], run });
  }
  task.meta.figures = await inTurn(150, contenders);
});
