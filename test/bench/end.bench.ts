import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { invited } from '../support/live.ts';
import { readProcess } from '../support/processes.ts';
import { type Bare, bareHost, pairAs } from './hosts.ts';
import { inTurn } from './measure.ts';
import { type Build, builds } from './programs.ts';
import { allLeft, takeSeat } from './seat.ts';
import { settling } from './settled.ts';

const [floor, shown] = ['bare sessions detached', 'look-here'];
const command = ['sh', '-c', `echo ${shown}; exec cat`];

/** How many connections a guest has at most; the gate gives nobody more than 8. */
const each = 5;

/** Lets `count` connections in, then has `detach` run. @returns ms from its start until the last ssh has ended */
async function end(guests: readonly Guest[], count: number, detach: () => Promise<unknown>): Promise<number> {
  const coming = guests.flatMap((guest) => Array.from({ length: each }, () => guest)).slice(0, count);
  expect(coming).toHaveLength(count);
  const seats = coming.map(takeSeat);
  await Promise.all(seats.map((seat) => seat.sees(shown)));
  const from = performance.now();
  await detach();
  return Math.max(...(await Promise.all(seats.map((seat) => seat.gone)))) - from;
}

async function endOfPairing(stage: Stage, build: Build, guests: readonly Guest[], count: number) {
  const settled = settling(stage);
  const files = guests.slice(0, Math.ceil(count / each)).map((_, at) => `g${at}.pub`);
  const live = await pairAs(stage, build, [...files, '--', ...command]);
  const tty = await clientOf(live.supervisor.pid, (await live.room(...listing)).stdout);
  const took = await end(guests, count, () => live.room('detach-client', '-t', tty));
  expect(await live.host.exitStatus()).toBe(0);
  expect((await live.room('kill-server')).exitCode).toBe(0);
  await live.host.close();
  await allLeft(stage);
  await settled();
  return took;
}

const listing = ['list-clients', '-F', '#{client_pid} #{client_tty}'];

/** The terminal of the client that a process has started. */
function clientOf(parent: number, clients: string): string {
  const rows = clients.split('\n').map((row) => row.split(' '));
  const tty = rows.find(([pid]) => readProcess(Number(pid))?.ppid === parent)?.[1];
  if (tty === undefined) throw new Error(`none of these is the host's client:\n${clients}`);
  return tty;
}

async function endOfBare(stage: Stage, { host, tmux }: Bare, guests: readonly Guest[], count: number) {
  const [, tty = ''] = (await tmux(...listing)).split(/\s/);
  const took = await end(guests, count, () => tmux('detach-client', '-a', '-t', tty));
  expect(await host.isRunning()).toBe(true);
  await allLeft(stage);
  return took;
}

test.for([
  { count: 1, rounds: 10 },
  { count: 50, rounds: 5 },
])(
  "d. end: from the host's detach until the last ssh has ended, guests: $count",
  async ({ count, rounds }, { task }) => {
    await using stage = await makeStage();
    const bare = await stage.guest();
    const guests = await Promise.all(
      Array.from({ length: Math.ceil(count / each) }, (_, at) => invited(stage, `g${at}`)),
    );
    const plain = await bareHost(stage, [bare], command);
    const most = Array.from({ length: Math.ceil(count / each) }, () => bare);
    task.meta.figures = await inTurn(rounds, [
      { name: floor, run: () => endOfBare(stage, plain, most, count) },
      ...(await builds()).map((build) => ({
        name: build.name,
        floors: [floor],
        run: () => endOfPairing(stage, build, guests, count),
      })),
    ]);
  },
);
