/**
 * The program, stopped at each of its file-changing system calls in turn, from its start to its end. What is to be
 * tried is not written here: it is what a clean run does.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import type { Snapshots } from '../support/fixture.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { record } from '../support/ledger.ts';
import { invited, leases, litter, remains, runDirectory } from '../support/live.ts';
import { allProcesses, killAll, type Process, signalProcess } from '../support/processes.ts';
import { program } from '../support/program.ts';
import { lastIn, type Point, pointsIn, striking, tracing } from '../support/strace.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { times } from '../support/whole.ts';

const own =
  '# mine\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPkAAAAAAAAAAAAAAAAAAAAAAAAA me@desk\n';

/** A room that ends by itself once the host is in, `pause` seconds later: so a run needs no hand. */
const room = (pause: string) => [
  'sh',
  '-c',
  `until tmux list-clients | grep -q .; do sleep 0.05; done; sleep ${pause}`,
];

/** Two at a time: the machine has two cores, and every run waits for others half of its time. */
const workers = 2;

interface Setting {
  readonly keys: string | undefined;
  /** Whether the switch and the clock die with the supervisor. */
  readonly allDie: boolean;
}

/** One worker's machine, on which run follows run. */
interface Bench {
  readonly stage: Stage;
  readonly ada: Guest;
  readonly before: Snapshots;
  readonly log: string;
  readonly keys: string | undefined;
}

function makeStageFor(keys: string | undefined): Promise<Stage> {
  return makeStage(keys === undefined ? { account: { ssh: false } } : { keys });
}

function disposal(stages: readonly Stage[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all(stages.map((one) => one[Symbol.asyncDispose]()))),
  };
}

async function makeBench(stage: Stage, keys: string | undefined): Promise<Bench> {
  const ada = await invited(stage, 'ada');
  const bench = { stage, ada, before: stage.snapshot(), log: `${stage.account.scratch}/log`, keys };
  // What the first run of an account makes once, such as the host key of its own doors, is there from then on.
  const first = await begin(bench, ['-o', '/dev/null', '-e', 'trace=none']);
  expect(await first.exitStatus({ timeout: 30_000 })).toBe(0);
  await first.close();
  await endRooms(bench);
  return bench;
}

function begin({ stage }: Bench, strace: readonly string[], pause = '0'): Promise<Terminal> {
  const { file, args } = program();
  const own = ['--port', String(stage.sshd.port), 'ada.pub', '--', ...room(pause)];
  return stage.terminal(['strace', ...strace, file, ...args, ...own]);
}

/** The points of a clean run, from the first thing that it changes. */
async function pointsOf(bench: Bench): Promise<Point[]> {
  const host = await begin(bench, tracing(bench.log));
  expect(await host.exitStatus({ timeout: 30_000 })).toBe(0);
  await host.close();
  const all = pointsIn(bench.log);
  // How often files are opened depends on how many processes run meanwhile: which opening is which can't be told.
  return all.slice(all.findIndex(({ call }) => call === 'mkdir')).filter(({ call }) => call !== 'openat');
}

/** Those to be tried: all of them with `npm run test:steps`, a share of them else, more of those that change the key file. */
function tried(points: readonly Point[]): Point[] {
  const all = process.env.TEST_STEPS === 'all';
  return points.filter(
    ({ name }, n) =>
      all || n % times(4, 12) === 0 || (name.includes('authorized_keys') && n % times(1, 3) === 0),
  );
}

/** How many of how many. */
function share(count: number, { length }: readonly Point[]): string {
  return count === length ? `each of ${count} steps` : `${count} of ${length} steps`;
}

/** Runs `work` for each of `points`, each worker on a bench of its own. */
async function each(
  points: readonly Point[],
  keys: string | undefined,
  work: (bench: Bench, point: Point, n: number) => Promise<void>,
) {
  const left = points.map((point, n) => ({ point, n }));
  // All at once, and all gone at the end: a program that is traced may not ask how its account stands, and has sshd tried
  // anew whenever any account is made or removed.
  const stages = await Promise.all(Array.from({ length: workers }, () => makeStageFor(keys)));
  await using _ = disposal(stages);
  const runs = stages.map(async (stage) => {
    const bench = await makeBench(stage, keys);
    for (let next = left.shift(); next; next = left.shift()) {
      const { point, n } = next;
      try {
        await work(bench, point, n);
        bench.stage.expectUntouched(bench.before);
        await endRooms(bench);
      } catch (error) {
        throw new Error(
          `at ${point.name} (${point.call} ${point.nth}): ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
    }
  });
  await Promise.all(runs);
}

/** The host's own session outlives a killed supervisor, as it should. */
async function endRooms({ stage }: Bench): Promise<void> {
  const servers = () => stage.processes().filter(({ cmd }) => /\/rooms\/[^ ]+\/tmux new-session/.test(cmd));
  await killAll(servers, 'the rooms');
  await stage.account.demand('rm', ['-rf', runDirectory(stage)]);
}

/** What the file says, or `undefined` where that is neither the old text nor the new. */
function textOf({ stage, keys }: Bench): 'old' | 'new' | undefined {
  const now = stage.keysFile()?.toString('latin1');
  if (now === keys) return 'old';
  const mark = keys === undefined ? ' created=folder' : '';
  const line = new RegExp(
    `^restrict,pty,expiry-time="\\d+Z",command="[^"]*" \\S+ \\S+ tmuxpair:[a-z2-7]{12}:ada${mark}\\n`,
  );
  const below = now?.replace(line, '');
  return now !== below && below === (keys ?? '') ? 'new' : undefined;
}

/** Stops the switch and the clock as soon as they run, until the supervisor is dead; then they die, too. */
function holdOthers({ stage }: Bench): { die: () => void } {
  const held = new Map<number, Process>();
  const look = () => {
    for (const one of allProcesses()) {
      if (
        one.uid !== stage.account.uid ||
        held.has(one.pid) ||
        !/^\/bin\/sh \S+\/(switch|clock)$/.test(one.cmd)
      )
        continue;
      if (signalProcess(one, 'SIGSTOP')) held.set(one.pid, one);
    }
  };
  const timer = setInterval(look, 5);
  return {
    die: () => {
      clearInterval(timer);
      look();
      for (const one of held.values()) signalProcess(one, 'SIGKILL');
    },
  };
}

interface Tally {
  points: number;
  torn: number;
  granted: number;
  leftAfter: number;
}

/**
 * How often the program opens a file to read it, asks tmux a thing, or tries to remove a folder, differs from run to
 * run: where the count of such a call leads elsewhere, the right one is looked for. Everything is checked of every run all the same.
 */
async function killAt(bench: Bench, point: Point, setting: Setting, tally: Tally): Promise<void> {
  let aim = point;
  for (let attempt = 0; attempt < 8; attempt++) {
    const struck = await killOnce(bench, aim, setting, tally);
    const last = lastIn(bench.log, point.call);
    if (struck && (point.call !== 'openat' || last === point.name)) {
      tally.points += 1;
      return;
    }
    const there = pointsIn(bench.log).find(({ name }) => name === point.name && point.call === 'openat');
    aim = there ?? { ...aim, nth: aim.nth + (point.call === 'openat' ? 1 : -1) };
    bench.stage.expectUntouched(bench.before);
    await endRooms(bench);
  }
  throw new Error('the point was not found again');
}

/** @returns whether the signal came before the end */
async function killOnce(bench: Bench, point: Point, { allDie }: Setting, tally: Tally): Promise<boolean> {
  const { stage, ada } = bench;
  const others = allDie ? holdOthers(bench) : undefined;
  // A call that makes a file is let happen, so that the file is there and empty; its signal has no handler.
  const signal = point.call === 'openat' ? 'PROF' : 'KILL';
  const host = await begin(bench, striking(point, signal, bench.log));
  const exit = await host.exitStatus({ timeout: 30_000 });
  others?.die();
  expect([128 + constants.signals[`SIG${signal}`], ...(counted.has(point.call) ? [0] : [])]).toContain(exit);

  const text = textOf(bench);
  if (text === undefined) tally.torn += 1;
  expect(text, `the file at the instant: ${stage.keysFile()}`).toBeDefined();
  if (text === 'new') {
    tally.granted += 1;
    const late = await ada.run(['-tt']);
    expect(late.exitCode).not.toBe(0);
    expect(late.stdout + late.stderr).toMatch(/this pairing is over|Permission denied|gate: /);
  }
  await until(() => remains(stage).length === 0, { what: 'the switch to be done', timeout: 45_000 });
  if (!allDie) expect(leases(stage).length === 0 || textOf(bench)).toBe(leases(stage).length === 0 || 'old');

  const swept = await stage.run(['sweep']);
  expect(swept).toMatchObject({ exitCode: 0 });
  expect(litter(stage)).toEqual([]);
  await until(() => remains(stage).length === 0, { what: 'nothing to run' });
  if (stage.keysFile()?.includes('tmuxpair')) tally.leftAfter += 1;
  await host.close();
  return exit !== 0;
}

/** Calls of which one run may have more than the next: a folder into which somebody still writes is removed twice. */
const counted: ReadonlySet<Point['call']> = new Set([
  'openat',
  'rmdir',
  'unlink',
  'clone',
  'clone3',
  'vfork',
  'fork',
]);

const settings: readonly (Setting & { readonly name: string })[] = [
  { name: 'the switch lives, the file existed', keys: own, allDie: false },
  { name: 'everything of ours dies, .ssh did not exist', keys: undefined, allDie: true },
];

test.each(settings)(
  'F1 I1 I3 I5: SIGKILL at one step after the other: $name',
  { timeout: 300_000 },
  async (setting) => {
    const bench = await makeBench(await makeStageFor(setting.keys), setting.keys);
    const points = await pointsOf(bench);
    await bench.stage[Symbol.asyncDispose]();
    expect(points.length).toBeGreaterThan(50);
    const tally: Tally = { points: 0, torn: 0, granted: 0, leftAfter: 0 };

    const these = tried(points);
    await each(these, setting.keys, (one, point) => killAt(one, point, setting, tally));

    expect(tally).toMatchObject({ points: these.length, torn: 0, leftAfter: 0 });
    console.log(
      `${tally.points} kill points (${setting.name}): ${tally.torn} with a truncated or unreadable file, ${tally.granted} with lines in the file at that instant, all refused; ${tally.leftAfter} with access left after recovery`,
    );
    record({
      id: 'F1',
      fault: `SIGKILL at ${share(tally.points, points)} from start to end (${setting.name})`,
      guests: `nobody in, ${tally.leftAfter} times access left after recovery`,
      file: `${tally.torn} times truncated or half written; as before after the next sweep`,
    });
  },
);

test('F2 I1 I3: HUP, INT or TERM at one step after the other, and again', { timeout: 300_000 }, async () => {
  const bench = await makeBench(await makeStageFor(own), own);
  const points = await pointsOf(bench);
  await bench.stage[Symbol.asyncDispose]();
  const signals = ['TERM', 'HUP', 'INT'] as const;
  const exits = new Map<number, number>();
  const these = tried(points);

  await each(these, own, async (one, point, n) => {
    const { stage, log } = one;
    const signal = signals[n % 3] ?? 'TERM';
    // From this call on every further call of its name has the signal again.
    const again = striking(point, signal, log).map((word) =>
      word.startsWith('inject=') ? `${word}+` : word,
    );
    // The room must not end while a signal of before is still on its way.
    const host = await begin(one, again, '0.4');
    const exit = await host.exitStatus({ timeout: 30_000 });
    exits.set(exit, (exits.get(exit) ?? 0) + 1);
    // Once the host is let in, the room ends by itself, and the signal may come second.
    const [sooner = ''] = readFileSync(log, 'latin1').split(`--- SIG${signal} `);
    const mayEnd = /^unlink\("[^"]*authorized_keys\.tmuxpair\.lock/m.test(sooner);
    const expected = [128 + constants.signals[`SIG${signal}`], ...(mayEnd ? [0] : [])];
    expect(expected, await host.screen()).toContain(exit);
    await until(() => remains(stage).length === 0 && litter(stage).length === 0, {
      what: 'nothing to be left',
    });
    stage.expectUntouched(one.before);
    // Where the host has not been in, there is no work of theirs to keep.
    const rooms = stage.processes().filter(({ cmd }) => cmd.includes('/rooms/'));
    if (!mayEnd) expect(rooms).toEqual([]);
    await host.close();
  });

  const codes = [...exits].map(([code, times]) => `${code} ${times} times`).join(', ');
  console.log(`${these.length} points with HUP, INT or TERM: exit ${codes}`);
  record({
    id: 'F2',
    fault: `HUP, INT or TERM at ${share(these.length, points)} from start to end, and at each later step like it`,
    guests: 'nobody in; exit 129, 130, 143, or 0 where it was ending',
    file: 'as before, without a sweep',
  });
});

// A standalone executable makes other system calls: its points are the pairing's, above.
test.runIf(process.env.TMUXPAIR_BIN === undefined)(
  'F1: SIGKILL of sweep at one step after the other: the next sweep does the rest',
  { timeout: 300_000 },
  async () => {
    const bench = await makeBench(await makeStageFor(undefined), undefined);
    await using stage = bench.stage;
    const { file, args } = program();
    // Dies with its lines in the file and its lock beside it.
    const granted: Point = { call: 'unlink', nth: 1, name: 'unlink authorized_keys.tmuxpair.lock' };
    await until(
      async () => {
        const others = holdOthers(bench);
        const host = await begin(bench, striking(granted, 'KILL', bench.log));
        await host.exitStatus({ timeout: 30_000 });
        others.die();
        await endServers(stage);
        await host.close();
        return textOf(bench) === 'new' && litter(stage).length > 1;
      },
      { what: 'a crash that nobody has cleaned up', timeout: 180_000 },
    );
    const [home, run] = [stage.account.home, runDirectory(stage)];
    await stage.account.demand('sh', ['-c', `cp -a ${run} ~/run; cp -a .ssh ~/ssh`]);
    const restore = () =>
      stage.account.demand('sh', [
        '-c',
        `rm -rf ${run} ${home}/.ssh; cp -a ~/run ${run}; cp -a ~/ssh ${home}/.ssh`,
      ]);

    await stage.account.demand('strace', [...tracing(bench.log), file, ...args, 'sweep']);
    const all = pointsIn(bench.log);
    const points = all.slice(all.findIndex(({ call }) => call === 'unlink' || call === 'symlink'));
    expect(points.length).toBeGreaterThan(15);
    const these = tried(points);
    for (const point of these) {
      await restore();
      const signal = point.call === 'openat' ? 'PROF' : 'KILL';
      const killed = await stage.account.exec('strace', [
        ...striking(point, signal, bench.log),
        file,
        ...args,
        'sweep',
      ]);
      expect(killed.signal, readFileSync(bench.log, 'latin1').slice(-300)).toBe(`SIG${signal}`);
      expect(textOf(bench), `the file at ${point.name}`).toBeDefined();
      expect(await stage.run(['sweep']), `after ${point.name}`).toMatchObject({ exitCode: 0 });
      stage.expectUntouched(bench.before);
      expect(litter(stage), `after ${point.name}`).toEqual([]);
    }
    console.log(`${these.length} kill points of sweep: the next sweep did the rest every time`);
    record({
      id: 'F1',
      fault: `SIGKILL of \`tmuxpair sweep\` at ${share(these.length, points)}`,
      guests: 'nobody in',
      file: 'as before after the next sweep',
    });
  },
);

async function endServers(stage: Stage): Promise<void> {
  await killAll(
    () => stage.processes().filter(({ cmd }) => /\/rooms\/[^ ]+\/tmux new-session/.test(cmd)),
    'the rooms',
  );
}
