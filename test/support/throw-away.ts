import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import type { Premises } from './account.ts';
import { unmountBelow } from './disk.ts';
import { execute, type Finished } from './execute.ts';
import { loginEnvironment } from './login.ts';
import { allProcesses, killAll, readProcess } from './processes.ts';
import { testRun } from './run.ts';
import { until } from './wait.ts';

/** Where an account may leave files outside its home. */
const sharedFolders = ['/tmp', '/var/tmp', '/dev/shm', '/run/user', '/run/lock'];

/** Of no password: this is no base64 of the length that SHA-512 has. */
const noHash = '$6$tmuxpair$none';

/** A line of /etc/passwd. */
export interface Entry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
}

/**
 * An account of the system for one test, as root. Its comment names the run, so that what a killed run left
 * can be told and removed. The password field is the hash of none: not "locked", which sshd
 * would refuse, and not empty.
 */
export async function makeThrowAway(shell = '/bin/bash'): Promise<Premises> {
  const name = `tp${randomBytes(5).toString('hex')}`;
  const comment = `tmuxpair test ${testRun().pid}`;
  await administer('useradd', ['-m', '-p', noHash, '-s', shell, '-c', comment, name]);
  const entry = accounts().find((one) => one.name === name);
  if (!entry) throw new Error(`useradd made no ${name}`);
  const { uid, gid } = entry;
  const scratch = await mkdtemp(`${testRun().folder}/a`);
  await chmod(scratch, 0o700);
  await chown(scratch, uid, gid);
  return premisesOf(entry, scratch, shell);
}

/** Those of an account that there is. */
export function premisesOf(entry: Entry, scratch: string, shell = '/bin/bash'): Premises {
  const { name, uid, gid, home } = entry;
  return {
    kind: 'system',
    name,
    uid,
    gid,
    home,
    scratch,
    env: { ...loginEnvironment(name, home), SHELL: shell },
    processes: () => allProcesses().filter((one) => one.uid === uid),
    remove: async () => {
      await removeAccount(entry);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** Removes the accounts of one run, or, where no pid is given, of all runs that are over. */
export async function sweepAccounts(pid?: number): Promise<void> {
  for (const entry of accounts()) {
    const owner = /^tmuxpair test (\d+)$/.exec(entry.comment)?.[1];
    if (owner === undefined || !/^tp[0-9a-f]{10}$/.test(entry.name)) continue;
    const stale = pid === undefined ? !readProcess(Number(owner)) : Number(owner) === pid;
    if (stale) await removeAccount(entry);
  }
}

/** The lines of /etc/passwd. */
export function accounts(): Entry[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', , uid, gid, comment = '', home = ''] = line.split(':');
      return { name, uid: Number(uid), gid: Number(gid), comment, home };
    });
}

async function removeAccount(entry: Entry): Promise<void> {
  await emptyAccount(entry);
  await administer('userdel', ['-f', '-r', entry.name]);
}

/** Ends what the account runs, and removes what it has left outside its home. */
export async function emptyAccount({ name, uid, home }: Omit<Entry, 'comment' | 'gid'>): Promise<void> {
  await killAll(() => allProcesses().filter((one) => one.uid === uid), `the processes of ${name}`);
  await unmountBelow(home);
  for (const path of sharedFolders.flatMap(entriesOf)) {
    if (ownerOf(path) === uid) await rm(path, { recursive: true, force: true });
  }
}

/** useradd and userdel take turns through lock files and give up soon: tests of other files do the same now. */
async function administer(file: 'useradd' | 'userdel', args: readonly string[]): Promise<void> {
  const identity = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' } };
  let ended: Finished | undefined;
  await until(
    async () => {
      ended = await execute(identity, file, args);
      return ended.exitCode === 0 || !/lock/.test(ended.stderr);
    },
    { what: `${file} to get the lock`, timeout: 40_000, interval: 50 },
  );
  if (ended?.exitCode !== 0)
    throw new Error(`${file} ${args.join(' ')}: ended with ${ended?.exitCode}\n${ended?.stderr}`);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function ownerOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.uid;
}
