import { readFileSync, readlinkSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { invited, type Live } from '../support/live.ts';
import type { Process } from '../support/processes.ts';
import { testRun } from '../support/run.ts';
import { until } from '../support/wait.ts';
import { pairAs } from './hosts.ts';
import { type Figure, figureOf } from './measure.ts';
import { type Build, builds } from './programs.ts';
import { allLeft, takeSeat } from './seat.ts';
import { settling } from './settled.ts';

const [rounds, shown] = [5, 'look-here'];
const command = ['sh', '-c', `echo ${shown}; exec cat`];
const parts = ['program', "dead man's switch", 'other sh', 'tmux', 'sshd, apart'] as const;
type Part = (typeof parts)[number];

/** What a pairing's processes hold, in MB: their own, and their share of what they have in common with others. */
type Held = Readonly<Record<Part | 'all but sshd' | 'processes of the program', number>>;

function held(stage: Stage, live: Live, file: string): Held {
  const monitors = stage.sshd.connections();
  const pids = new Set(monitors.map(({ pid }) => pid));
  const all = [...monitors, ...stage.processes().filter(({ pid }) => !pids.has(pid))];
  const sums: Record<Part, number> = {
    program: 0,
    "dead man's switch": 0,
    'other sh': 0,
    tmux: 0,
    'sshd, apart': 0,
  };
  let programs = 0;
  for (const one of all) {
    const part = partOf(one, stage, live, file);
    if (part === 'program') programs++;
    if (part) sums[part] += proportionalSet(one.pid);
  }
  const { 'sshd, apart': _, ...ours } = sums;
  const total = Object.values(ours).reduce((sum, one) => sum + one, 0);
  return { ...sums, 'all but sshd': total, 'processes of the program': programs };
}

/** Undefined for what is not the pairing's: the harness's terminals, and what the host runs in the room. */
function partOf({ pid, cmd }: Process, { account }: Stage, live: Live, file: string): Part | undefined {
  if (cmd.startsWith(`tmux -S ${account.scratch}/t`) || cmd === 'cat') return undefined;
  if (executable(pid) === file) return 'program';
  if (pid === live.deadMan()?.pid) return "dead man's switch";
  if (/^sshd/.test(cmd)) return 'sshd, apart';
  return /^\S*tmux/.test(cmd) ? 'tmux' : 'other sh';
}

function executable(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

/** MB; 0 for a process that has ended. */
function proportionalSet(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
  } catch {
    return 0;
  }
}

/** Looks until what is held is the same as a moment ago, as far as a fiftieth goes. */
async function onceSettled(look: () => Held): Promise<Held> {
  let last = Number.POSITIVE_INFINITY;
  return until(
    () => {
      const now = look();
      const steady = Math.abs(now['all but sshd'] - last) < last / 50;
      last = now['all but sshd'];
      return steady && now;
    },
    { what: 'the memory to settle', interval: 300 },
  );
}

async function hold(stage: Stage, build: Build, file: string, guests: readonly Guest[]) {
  const settled = settling(stage);
  const live = await pairAs(stage, build, [...guests.map((_, at) => `g${at}.pub`), '--', ...command]);
  const look = () => onceSettled(() => held(stage, live, file));
  const join = async (some: readonly Guest[]) => {
    const seats = some.map(takeSeat);
    await Promise.all(seats.map((seat) => seat.sees(shown)));
    return seats;
  };
  const none = await look();
  const first = await join(guests.slice(0, 1));
  const one = await look();
  const seats = [...first, ...(await join(guests.slice(1)))];
  const ten = await look();
  expect(live.deadMan()).toBeDefined();
  for (const at of [none, one, ten]) {
    expect(at['processes of the program']).toBeGreaterThan(0);
    for (const part of ['program', "dead man's switch", 'tmux'] as const) expect(at[part]).toBeGreaterThan(0);
  }
  await live.room('kill-server');
  await Promise.all(seats.map(({ gone }) => gone));
  expect(await live.host.exitStatus()).toBe(0);
  await live.host.close();
  await allLeft(stage);
  await settled();
  return [none, one, ten];
}

test('e. memory: the proportional set of all processes of a pairing', async ({ task }) => {
  await using stage = await makeStage();
  const guests = await Promise.all(Array.from({ length: 10 }, (_, at) => invited(stage, `g${at}`)));
  const all = await Promise.all((await builds()).map(unshared));
  const found = new Map(all.map(({ name }) => [name, [] as Held[][]]));
  for (let round = 0; round < rounds; round++) {
    for (const build of all) found.get(build.name)?.push(await hold(stage, build, build.file, guests));
  }
  task.meta.figures = [...found].flatMap(([name, looks]) =>
    [0, 1, 10].flatMap((count, at) =>
      figures(
        name,
        count,
        looks.flatMap((look) => look[at] ?? []),
      ),
    ),
  );
});

function figures(name: string, count: number, looks: readonly Held[]): Figure[] {
  const of = (part: keyof Held) => looks.map((held) => held[part]);
  const title = `${name}, ${count} ${count === 1 ? 'guest' : 'guests'}`;
  return [
    figureOf(`${title}: all but sshd`, of('all but sshd'), 'MB'),
    ...parts.map((part) => figureOf(`${title}: ${part}`, of(part), 'MB')),
    figureOf(`${title}: processes of the program`, of('processes of the program'), ''),
  ];
}

/** The same build on an executable that nobody else runs: what the bench itself has of Node would be shared with it. */
async function unshared(build: Build): Promise<Build> {
  if (build.file !== testRun().node) return build;
  const file = `${testRun().folder}/node-alone`;
  await copyFile(build.file, file);
  return { ...build, file };
}
