import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { record } from '../support/ledger.ts';
import {
  allGone,
  expectNothingLeft,
  goLive,
  guestProcesses,
  invited,
  kill,
  type Live,
} from '../support/live.ts';
import { signalProcess } from '../support/processes.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows, times } from '../support/whole.ts';

const own = '# mine\n';

/** How many pairings, what was there before them, and how they end. */
const crowds: readonly { before: string; keys?: string; ssh?: boolean; end: 'SIGTERM' | 'SIGKILL' }[] = [
  { before: 'a file', keys: own, end: 'SIGTERM' },
  { before: 'no file', end: 'SIGTERM' },
  { before: 'no .ssh', ssh: false, end: 'SIGTERM' },
  { before: 'a file (all killed)', keys: own, end: 'SIGKILL' },
];

const crowdSize = times(10, 4);

test.each(rows(crowds, 1))(
  'F7 I8: many pairings started and ended at one instant, with $before before',
  async (crowd) => {
    const { ssh = true, keys } = crowd;
    await using stage = await makeStage({ account: { ssh }, ...(keys === undefined ? {} : { keys }) });
    const before = stage.snapshot();
    const names = Array.from({ length: crowdSize }, (_, n) => `guest${n}`);
    const guests = await Promise.all(names.map((name) => invited(stage, name)));

    const lives = await Promise.all(names.map((name) => goLive(stage, [`${name}.pub`])));
    expect(new Set(lives.map(({ socket }) => socket)).size).toBe(crowdSize);
    const seats = await Promise.all(guests.map((guest) => guest.join({ columns: 60, rows: 10 })));
    for (const [n, live] of lives.entries()) await live.host.type(`echo room-$((1000+${n}))\r`);
    for (const [n, seat] of seats.entries()) {
      const shown = await seat.waitFor(`room-${1000 + n}`, { timeout: 30_000 });
      expect(shown.match(/room-1\d\d\d/g)).toEqual([`room-${1000 + n}`]);
    }
    const inside = guestProcesses(stage);

    const since = performance.now();
    for (const { supervisor } of lives) signalProcess(supervisor, crowd.end);
    const ms = await allGone(inside, since);
    if (crowd.end === 'SIGTERM') {
      for (const { host } of lives) expect(await host.exitStatus({ timeout: 30_000 })).toBe(143);
      stage.expectUntouched(before);
    }
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
    const how = crowd.end === 'SIGTERM' ? 'ended' : 'killed';
    record({
      id: 'F7',
      fault: `${crowdSize} pairings started and ${how} at one instant, ${crowd.before} before`,
      guests: 'each in its own room; out',
      ms,
      file: 'as before',
    });
  },
);

test.runIf(isWhole())(
  'F7 I8: starts and ends at the same time, after crashes that left claims and lines',
  async () => {
    await using stage = await makeStage({ keys: own });
    const before = stage.snapshot();
    const names = Array.from({ length: 8 }, (_, n) => `guest${n}`);
    await Promise.all(names.map((name) => invited(stage, name)));
    const [first, second] = [names.slice(0, 4), names.slice(4)];
    const lives = await Promise.all(first.map((name) => goLive(stage, [`${name}.pub`])));
    const crash = async ({ supervisor, deadMan, clock }: Live) => {
      const all = [supervisor, await clock(), deadMan()];
      for (const one of all) if (one) signalProcess(one, 'SIGSTOP');
      kill(...all);
    };
    await Promise.all(lives.slice(0, 2).map(crash));

    for (const live of lives.slice(2)) await live.host.sendKeys('C-b', 'd');
    const next = await Promise.all(second.map((name) => goLive(stage, [`${name}.pub`])));

    expect(new Set(next.map(({ socket }) => socket)).size).toBe(4);
    for (const { host } of lives.slice(2)) expect(await host.exitStatus({ timeout: 45_000 })).toBe(0);
    const granted = [...(stage.keysFile()?.toString() ?? '').matchAll(/tmuxpair:[a-z2-7]{12}:(\w+)/g)];
    expect(granted.map(([, label]) => label).sort()).toEqual(second);
    for (const live of next) await live.host.sendKeys('C-b', 'd');
    for (const { host } of next) expect(await host.exitStatus({ timeout: 45_000 })).toBe(0);
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
  },
);

/** The names of guests whose keys are in files of their own. */
async function crowdOf(stage: Stage, size: number) {
  const names = Array.from({ length: size }, (_, n) => `guest${n}`);
  const guests = await Promise.all(names.map((name) => invited(stage, name)));
  return { names, guests, files: names.map((name) => `${name}.pub`) };
}

const clients = (stage: Stage) =>
  guestProcesses(stage).filter(({ cmd }) => cmd.includes(' attach-session -E '));

test.each(rows([1, 20], 1))('I4: the end with %i guests in, and SIGKILL', async (size) => {
  await using stage = await makeStage({ keys: own });
  const { guests, files } = await crowdOf(stage, size);
  const took: number[] = [];
  for (const how of ['end', 'kill'] as const) {
    const live = await goLive(stage, files);
    const held = guests.map((guest) => guest.hold(['-tt']));
    await until(() => clients(stage).length === size, { what: 'all to be in', timeout: 60_000 });
    const inside = guestProcesses(stage);
    const since = performance.now();
    if (how === 'end') await live.host.sendKeys('C-b', 'd');
    else kill(live.supervisor);
    took.push(await allGone(inside, since));
    await until(() => held.every((one) => one.exitCode !== null), { what: 'every ssh to end' });
    await until(() => stage.keysFile()?.toString() === own, { what: 'the file to be as before' });
    await expectNothingLeft(stage);
    await live.host.close();
  }
  const [ended = 0, killed = 0] = took;
  expectWithin(ended, 1000);
  expectWithin(killed, 1000);
  const who = size === 1 ? '1 guest' : `${size} guests`;
  record({ id: 'I4', fault: `the host detaches, ${who} in`, guests: 'out', ms: ended, file: 'as before' });
  record({ id: 'I5', fault: `tmuxpair is killed, ${who} in`, guests: 'out', ms: killed, file: 'as before' });
});

test.runIf(isWhole())(
  'G11: 50 guests at once, and connections up to the caps; the host stays responsive',
  async () => {
    await using stage = await makeStage({ keys: own });
    const { guests, files } = await crowdOf(stage, 50);
    const live = await goLive(stage, files);
    const held = guests.map((guest) => guest.hold(['-tt']));
    await until(() => clients(stage).length === 50, { what: '50 guests to be in', timeout: 60_000 });

    const typed = performance.now();
    await live.host.type('echo still-$((6*7))\r');
    await live.host.waitFor('still-42', { timeout: 3000 });
    const echo = performance.now() - typed;

    // One guest comes ten times: 8 are the most.
    const [ada, bob, ...others] = guests;
    if (!ada || !bob) throw new Error('there are 50');
    for (let n = 0; n < 7; n++) held.push(ada.hold(['-tt']));
    await until(() => clients(stage).length === 57, { what: 'the guest to be in 8 times', timeout: 30_000 });
    expect((await ada.run(['-tt'])).stdout).toContain('you are in 8 times already');
    // 64 in all.
    for (const other of others.slice(0, 7)) held.push(other.hold(['-tt']));
    await until(() => clients(stage).length === 64, { what: '64 to be in', timeout: 30_000 });
    expect((await bob.run(['-tt'])).stdout).toContain('this pairing is full');
    expect(clients(stage)).toHaveLength(64);

    // Whoever leaves makes room.
    held.pop()?.kill();
    await until(() => clients(stage).length === 63, { what: 'one to leave' });
    held.push(bob.hold(['-tt']));
    await until(() => clients(stage).length === 64, { what: 'another to come' });

    const inside = guestProcesses(stage);
    const since = performance.now();
    await live.host.sendKeys('C-b', 'd');
    const ms = await allGone(inside, since);
    expect(await live.host.exitStatus()).toBe(0);
    expect(stage.keysFile()?.toString()).toBe(own);
    await expectNothingLeft(stage);
    console.log(`with 50 guests in, what the host typed was shown after ${Math.round(echo)} ms`);
    record({
      id: 'G11',
      fault: 'the host detaches, 64 connections in',
      guests: 'out',
      ms,
      file: 'as before',
    });
  },
);

test('G13: one key in two pairings: refused, and undisturbed; else the newer pairing gets them', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  const ada = await invited(stage, 'ada');
  const first = await goLive(stage, ['ada.pub', '--session', 'one']);
  // A trial login beside it has a line for a moment.
  const keys = () =>
    stage
      .keysFile()
      ?.toString()
      .replaceAll(/^.*tmuxpair-trial.*\n/gm, '');
  const during = keys();

  const refused = await stage.pair(['ada.pub', '--session', 'two']);
  expect(await refused.exitStatus()).toBe(5);
  expect((await refused.screen()).replaceAll('\n', '')).toContain(
    `is in another pairing of yours, ${first.id}`,
  );
  expect(keys()).toBe(during);

  const second = await goLive(stage, ['ada.pub', '--session', 'two', '--gate-existing-keys']);
  const newer = await ada.join();
  await newer.waitFor('[two]');
  await second.host.sendKeys('C-b', 'd');
  expect(await second.host.exitStatus()).toBe(0);
  await newer.exitStatus();
  expect(keys()).toBe(during);

  const older = await ada.join();
  await older.waitFor('[one]');
  await first.host.sendKeys('C-b', 'd');
  expect(await first.host.exitStatus()).toBe(0);
  await older.exitStatus();
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});
