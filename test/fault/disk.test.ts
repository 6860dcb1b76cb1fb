import { expect, test } from 'vitest';
import { makeCleanup } from '../support/cleanup.ts';
import { canMount, immutable, type SmallDisk, smallDisk } from '../support/disk.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { record } from '../support/ledger.ts';
import {
  allGone,
  expectNothingLeft,
  goLive,
  guestProcesses,
  invited,
  leases,
  litter,
  remains,
} from '../support/live.ts';
import { until } from '../support/wait.ts';
import { rows } from '../support/whole.ts';

const own = '# mine\n';
const mounts = await canMount();

/** A trouble that comes and goes. */
interface Trouble {
  readonly name: string;
  /** What the program says of it. */
  readonly said: string;
  /** Begins it; what is returned ends it. */
  readonly begin: (stage: Stage, disk: SmallDisk) => Promise<() => Promise<unknown>>;
}

const troubles: readonly Trouble[] = [
  {
    name: 'the disk is full',
    said: 'the disk is full',
    begin: async (_, disk) => {
      await disk.fill();
      return disk.free;
    },
  },
  {
    name: 'the file system is read-only',
    said: 'the file system is mounted read-only',
    begin: async (_, disk) => {
      await disk.readOnly(true);
      return () => disk.readOnly(false);
    },
  },
  {
    name: 'authorized_keys is immutable',
    said: 'changing it is not permitted',
    begin: async (stage) => {
      const held = await immutable(stage.keysPath);
      return async () => held[Symbol.asyncDispose]();
    },
  },
];

/** A stage whose `.ssh` is a file system of its own, unless the trouble is the file's alone. */
async function stageFor(trouble: Trouble) {
  const cleanup = makeCleanup();
  const stage = cleanup.use(await makeStage());
  const folder = `${stage.account.home}/.ssh`;
  const disk = trouble.name.includes('immutable')
    ? undefined
    : cleanup.use(await smallDisk(stage.account, folder));
  await stage.writeKeys(own);
  const begin = async () => {
    const end = await trouble.begin(stage, disk ?? noDisk);
    cleanup.defer(end);
    return end;
  };
  return { stage, begin, [Symbol.asyncDispose]: cleanup.run };
}

const none = async (): Promise<void> => {};
const noDisk: SmallDisk = { fill: none, free: none, readOnly: none, [Symbol.asyncDispose]: none };

test.runIf(mounts).each(rows(troubles, 1))(
  'F5 I3: $name at the grant: nothing is changed, exit 5',
  async (trouble) => {
    await using setting = await stageFor(trouble);
    const { stage, begin } = setting;
    await invited(stage, 'ada');
    const end = await begin();
    const before = stage.snapshot();

    const host = await stage.pair(['ada.pub']);
    expect(await host.exitStatus()).toBe(5);
    expect(await host.screen()).toContain(`authorized_keys`);
    expect(await host.screen()).toContain(trouble.said);

    stage.expectUntouched(before);
    expect(litter(stage)).toEqual([]);
    await until(() => stage.processes().every(({ cmd }) => !cmd.includes('/tmuxpair/')), {
      what: 'nothing of the pairing to run',
    });
    await end();
    record({
      id: 'F5',
      fault: `${trouble.name} at the start`,
      guests: 'nobody was let in, exit 5',
      file: 'as before',
    });
  },
);

test.runIf(mounts).each(rows(troubles, 1))(
  'F5 I3 I4: $name at the end: guests out, gate shut, exit 7',
  async (trouble) => {
    await using setting = await stageFor(trouble);
    const { stage, begin } = setting;
    const before = stage.snapshot();
    const ada = await invited(stage, 'ada');
    const keys = [ada.identity, await ada.newIdentity()].map(({ publicKey }) => `${publicKey}\n`);
    await stage.writeFile('ada.pub', keys.join(''), 0o644);
    const live = await goLive(stage, ['ada.pub']);
    const master = await ada.master({ session: 'terminal' });
    await master.terminal?.waitFor('[pair]');
    const inside = guestProcesses(stage);
    const end = await begin();
    const during = stage.keysFile()?.toString();

    const since = performance.now();
    await live.host.sendKeys('C-b', 'd');
    const ms = await allGone(inside, since);
    expect(await live.host.exitStatus()).toBe(7);
    const said = (await live.host.screen()).replaceAll('\n', '');
    expect(said).toContain(`authorized_keys could not be restored (${trouble.said})`);
    expect(said).toContain('the gate is shut and the guests are out, but lines 1, 2 are still there');
    expect(said).toContain(`delete every line of it that has tmuxpair:${live.id}: in its comment`);

    expect(stage.keysFile()?.toString()).toBe(during);
    expect((await ada.run(['-tt'])).stdout).toMatch(/^tmuxpair: this pairing is over/);
    expect((await master.channel(['-tt'])).exitCode).not.toBe(0);
    await until(() => remains(stage).length === 0, { what: 'the switch to have tried again' });
    expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 7 });
    expect(leases(stage)).toEqual([live.folder]);

    await end();
    expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0 });
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
    record({
      id: 'F5',
      fault: `${trouble.name} at the end`,
      guests: 'out, gate shut, exit 7 with the lines to delete',
      ms,
      file: 'as before after the next sweep',
    });
  },
);

test.runIf(mounts)('F5: the disk is full when .ssh has to be made: it is not left behind', async () => {
  await using stage = await makeStage();
  await invited(stage, 'ada');
  await stage.account.demand('mkdir', ['-m', '0700', 'small']);
  await using disk = await smallDisk(stage.account, `${stage.account.home}/small`);
  await disk.fill();

  const host = await stage.pair(['ada.pub', '--authorized-keys', 'small/new/authorized_keys']);
  expect(await host.exitStatus()).toBe(5);
  expect(await host.screen()).toContain('the disk is full');
  expect(await stage.account.demand('ls', ['small'])).toBe('ballast\n');
});

test.runIf(mounts)('F5: the run directory is full: nobody is let in, and it is said', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  await invited(stage, 'ada');
  await using disk = await smallDisk(stage.account, stage.account.env.XDG_RUNTIME_DIR ?? '');
  await disk.fill();

  const host = await stage.pair(['ada.pub']);
  expect(await host.exitStatus()).toBe(6);
  expect(await host.screen()).toContain('the disk is full');
  stage.expectUntouched(before);
  expect(litter(stage)).toEqual([]);
});
