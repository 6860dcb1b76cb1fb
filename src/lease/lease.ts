/** A lease: its folder made, armed and removed, and all that it has let in ended. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Deadline } from '../domain/deadline.ts';
import { refuse } from '../domain/failure.ts';
import type { Label } from '../domain/guest.ts';
import { foldersInLease, inLease, type LeaseName } from '../domain/lease-folder.ts';
import { type LeaseId, newLeaseId } from '../domain/lease-id.ts';
import { capture } from '../spawn/capture.ts';
import { thisAccount } from '../system/account.ts';
import { setDeadline } from './deadline-file.ts';
import { clockScript, severScript, switchScript } from './ending-scripts.ts';
import { hasFolder } from './key-file.ts';
import { machineName, thisProcess } from './process.ts';
import { readRecord, syncRecord, writeRecord } from './record.ts';
import { writeBelow } from './run-directory.ts';
import { admitScript, emptyHomeIn, type GateContext, gateScript } from './scripts.ts';

export interface Lease {
  readonly id: LeaseId;
  readonly folder: string;
  readonly gate: string;
  readonly clock: string;
  readonly deadMan: string;
  /** What a process that guests come through is started by (see `admitScript`). */
  readonly admit: string;
  /** Where a private sshd has a guest's login shell look for start-up files: an empty folder (see `inOwnFile`). */
  readonly emptyHome: string;
  /** The `authorized_keys` file as it was named, absolute. */
  readonly keyFile: string;
}

/**
 * Makes a lease's folder, complete or not at all, in the run directory `root`. Nobody is let in yet.
 * @param keyFile the `authorized_keys` file to write to, absolute
 * @throws Refusal `run-directory-refused`
 */
export function createLease(root: string, keyFile: string, now: Date): Lease {
  const id = newLeaseId(machineName());
  const supervisor = thisProcess();
  const folder = join(root, id);
  const staging = asideOf(folder);
  writeBelow(root, () => {
    try {
      for (const path of [staging, ...foldersInLease.map((name) => join(staging, name))]) {
        mkdirSync(path, { mode: 0o700 });
      }
      const folderAbsent = !mayHaveFolder(keyFile);
      writeRecord(staging, {
        version: 1,
        id,
        supervisor,
        keyFile,
        folderAbsent,
        startedAt: now.toISOString(),
      });
      renameSync(staging, folder);
    } catch (error) {
      rmSync(staging, { recursive: true, force: true });
      throw error;
    }
  });
  return {
    id,
    folder,
    keyFile,
    gate: inLease(folder, 'gate'),
    clock: inLease(folder, 'clock'),
    deadMan: inLease(folder, 'switch'),
    admit: inLease(folder, 'admit'),
    emptyHome: emptyHomeIn(folder),
  };
}

/** Whether the file's folder is there, or may be: what is wrong with it, the grant says, if the file is written at all. */
function mayHaveFolder(keyFile: string): boolean {
  try {
    return hasFolder(keyFile);
  } catch {
    return true;
  }
}

/** The lease, for a private sshd: to be written to a file in its own folder instead, once, before a grant. @throws Refusal `run-directory-refused` */
export function inOwnFile(lease: Lease): Lease {
  const keyFile = inLease(lease.folder, 'authorized_keys');
  const record = readRecord(lease.folder);
  if (typeof record === 'string')
    return refuse({
      kind: 'run-directory-refused',
      path: lease.folder,
      problem: 'somebody else has changed it',
    });
  writeBelow(lease.folder, () => writeRecord(lease.folder, { ...record, keyFile, folderAbsent: false }));
  makeEmptyHome(lease);
  return { ...lease, keyFile };
}

/** Whether that is where its lines are: for an sshd of our own. */
export function isInOwnFile({ folder, keyFile }: Pick<Lease, 'folder' | 'keyFile'>): boolean {
  return dirname(keyFile) === folder;
}

/** Makes {@link Lease.emptyHome}, where it is not there. @throws Refusal `run-directory-refused` */
export function makeEmptyHome({ folder, emptyHome }: Lease): void {
  writeBelow(folder, () => mkdirSync(emptyHome, { recursive: true, mode: 0o700 }));
}

/** Writes what the room runs from its start: the clock. @throws Refusal `run-directory-refused` */
export function armClock(lease: Lease, deadline: Deadline, sweep: readonly string[]): void {
  const { folder } = lease;
  writeBelow(folder, () => {
    setDeadline(lease, deadline);
    writeScript(lease, 'sever', severScript(folder));
    writeScript(lease, 'clock', clockScript(folder, thisProcess(), sweep));
  });
}

/**
 * Writes the gate and the dead man's switch, and makes the lease last: nothing is granted before it would be found
 * after a crash of the machine. @throws Refusal `run-directory-refused`
 */
export function armLease(
  lease: Lease,
  gate: Omit<GateContext, 'id' | 'folder' | 'supervisor' | 'uid' | 'home'>,
  sweep: readonly string[],
): void {
  const { id, folder } = lease;
  const { home } = thisAccount();
  const context = { ...gate, id, folder, home, supervisor: thisProcess(), uid: process.geteuid?.() ?? 0 };
  writeBelow(folder, () => {
    writeScript(lease, 'switch', switchScript(folder, sweep));
    writeScript(lease, 'admit', admitScript(context));
    writeScript(lease, 'gate', gateScript(context));
    syncRecord(folder);
  });
}

function writeScript({ folder }: Lease, name: LeaseName, text: string): void {
  writeFileSync(inLease(folder, name), text, { mode: 0o700 });
  chmodSync(inLease(folder, name), 0o700); // Whatever the umask.
}

/**
 * Makes the folder of a lease anew where somebody has removed it while guests were in, with what was last seen of
 * them and nothing else: no gate, no flag. So {@link sever} finds them all the same.
 * @param registered names in `in/`
 * @throws Refusal `run-directory-refused`
 */
export function remakeLease({ folder }: Lease, registered: readonly string[]): void {
  if (registered.length === 0 || existsSync(folder)) return;
  writeBelow(folder, () => {
    mkdirSync(inLease(folder, 'in'), { recursive: true, mode: 0o700 });
    for (const name of registered) writeFileSync(inLease(folder, 'in', name), '', { mode: 0o600 });
  });
}

/**
 * Shuts the gate and ends the connections of all guests, or of one. Runs the script's text, not its file, which a
 * crash may have left unwritten and which a guest who types could take away.
 * @returns whether none is left
 */
export async function sever(folder: string, label?: Label): Promise<boolean> {
  const { code } = await capture('/bin/sh', ['-s', ...(label === undefined ? [] : ['--', label])], {
    input: severScript(folder),
    cwd: '/', // Our own may have been removed.
  });
  return code === 0;
}

/** Shuts the gate for all, at once. Whoever comes from now on is refused. */
export function shutGate(folder: string): void {
  for (const label of readFolder(inLease(folder, 'open'))) {
    try {
      rmSync(inLease(folder, 'open', label), { force: true });
    } catch {
      // `sever` tries again, and ends who comes in meanwhile.
    }
  }
}

/**
 * Removes a lease's folder. It is moved aside first, so that it goes at one instant: nothing half removed is ever
 * taken for a lease, a late gate finds nothing to register in, and of two who remove it one finds nothing to do.
 * What is left, by a crash or because it can't be removed, the next sweep removes (see `removeStagings`).
 */
export function removeLease(folder: string): void {
  const aside = asideOf(folder);
  try {
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // Gone already; or its gate is shut, and its supervisor about to be gone.
  }
}

/**
 * A folder of this process's own in the run directory, for as long as it likes: a sweep removes what it has left behind.
 * @throws Refusal `run-directory-refused`
 */
export function makeOwnFolder(root: string): string {
  const folder = asideOf(join(root, newLeaseId(machineName())));
  writeBelow(root, () => mkdirSync(folder, { mode: 0o700 }));
  return folder;
}

/** Where this process keeps a lease's folder before it is one, and after: named so that a sweep sees whose it was. */
function asideOf(folder: string): string {
  const { pid, start } = thisProcess();
  const id = basename(folder).replace(/^\.([a-z2-7]{12})\..*/, '$1');
  return join(dirname(folder), `.${id}.${pid}.${start}`);
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
