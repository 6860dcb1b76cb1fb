/**
 * Accounts with their sshd that a test has left as it found them, for the tests after it: to make them takes a second, and
 * what the program has learned of an account takes it two more each time. What a test does to them that can't be undone
 * here has them removed instead.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Account, makeAccount } from './account.ts';
import { killAll, readProcess } from './processes.ts';
import { testRun } from './run.ts';
import { resumeSshd, type Sshd, type SshdFacts, startSshd } from './sshd.ts';
import { type Entry, emptyAccount, premisesOf } from './throw-away.ts';

export interface Spare {
  readonly account: Account;
  readonly sshd: Sshd;
  /** Gives them back, or removes them. */
  readonly release: () => Promise<void>;
}

interface Lot {
  readonly entry: Entry;
  readonly scratch: string;
  readonly sshd: SshdFacts;
  /** What must be as it was, as text. */
  readonly state: string;
}

/** What the program has learned of the account: it is what anybody's second pairing finds. */
const kept = '.cache';

export async function takeSpare(): Promise<Spare> {
  const found = claim();
  if (found) {
    const account = await makeAccount({}, premisesOf(found.entry, found.scratch));
    return spareOf(found, account, resumeSshd(found.sshd));
  }
  const account = await makeAccount();
  const sshd = await startSshd(account).catch(async (error: unknown) => {
    await account[Symbol.asyncDispose]();
    throw error;
  });
  const { name, uid, gid, home, scratch } = account;
  const entry = { name, uid, gid, comment: '', home };
  const lot = { entry, scratch, sshd: sshd.facts, state: stateOf(entry, sshd.facts) };
  return spareOf(lot, account, sshd);
}

function spareOf(lot: Lot, account: Account, sshd: Sshd): Spare {
  let isSpoilt = false;
  const spoil = <T extends unknown[], R>(act: (...args: T) => R) => {
    return (...args: T): R => {
      isSpoilt = true;
      return act(...args);
    };
  };
  const given = { ...account, asRoot: spoil(account.asRoot) };
  return {
    account: given,
    sshd: { ...sshd, stop: spoil(sshd.stop) },
    release: async () => {
      if (!isSpoilt && (await restore(lot, account, sshd))) return offer(lot);
      await sshd.stop();
      await account[Symbol.asyncDispose]();
    },
  };
}

/** @returns whether all is as it was */
async function restore(lot: Lot, account: Account, sshd: Sshd): Promise<boolean> {
  const { entry, scratch, state } = lot;
  await killAll(sshd.connections, 'the connections of sshd');
  await emptyAccount(entry);
  const skeleton = skeletonOf(entry.home);
  const others = readdirSync(entry.home).filter((name) => !skeleton.includes(name) && name !== kept);
  const below = readdirSync(scratch).map((name) => `${scratch}/${name}`);
  for (const path of [...others.map((name) => `${entry.home}/${name}`), ...below])
    await rm(path, { recursive: true, force: true });
  return account.kind === 'system' && stateOf(entry, lot.sshd) === state;
}

/** Of the account, its home and start-up files, and of the sshd. */
function stateOf({ name, uid, home }: Entry, sshd: SshdFacts): string {
  const line = (path: string) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((one) => one.startsWith(`${name}:`));
  const look = (path: string): unknown => {
    const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    return (
      stats && [path, stats.ino, stats.mode, stats.uid, stats.isDirectory() ? 0 : stats.ctimeNs].join(' ')
    );
  };
  const cache = lstatSync(`${home}/${kept}`, { throwIfNoEntry: false });
  return JSON.stringify([
    line('/etc/passwd'),
    line('/etc/shadow'),
    [home, ...skeletonOf(home).map((entry) => `${home}/${entry}`)].map(look),
    !cache || (cache.isDirectory() && cache.uid === uid && (cache.mode & 0o022) === 0),
    readProcess(sshd.pid)?.startTime,
    [sshd.folder, sshd.configFile, `${sshd.folder}/host_key`, `${sshd.folder}/host_key.pub`].map(look),
  ]);
}

/** What `useradd` puts into a home. */
function skeletonOf(home: string): string[] {
  const names = readdirSync('/etc/skel');
  return readdirSync(home).filter((name) => names.includes(name));
}

function folder(name: 'free' | 'taken'): string {
  const path = `${testRun().folder}/spare/${name}`;
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Of two who want the same, the renaming of one fails. */
function claim(): Lot | undefined {
  for (const name of readdirSync(folder('free'))) {
    try {
      const taken = `${folder('taken')}/${name}`;
      renameSync(`${folder('free')}/${name}`, taken);
      return JSON.parse(readFileSync(taken, 'utf8'));
    } catch {
      // Another worker has it.
    }
  }
  return undefined;
}

function offer(lot: Lot): void {
  const taken = `${folder('taken')}/${lot.entry.name}`;
  writeFileSync(taken, JSON.stringify(lot));
  renameSync(taken, `${folder('free')}/${lot.entry.name}`);
}
