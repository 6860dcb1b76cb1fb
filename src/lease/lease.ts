/** A lease: makes, arms and removes its folder, and ends everything that it let in. */
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
import { readRecord, syncRecord, writeRecord } from './lease-record.ts';
import { machineName, thisProcess } from './process.ts';
import { writeBelow } from './run-directory.ts';
import { admitScript, emptyHomeIn, type GateContext, gateScript } from './scripts.ts';

export interface Lease {
  readonly id: LeaseId;
  readonly folder: string;
  readonly gate: string;
  readonly clock: string;
  readonly deadMan: string;
  /** The script that starts a process through which guests come (see `admitScript`). */
  readonly admit: string;
  /** An empty folder where, under a private sshd, a guest's login shell looks for start-up files (see `inOwnFile`). */
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

/**
 * Whether the file's folder exists, or may exist. If the file is written at all, the grant reports what is wrong with
 * it.
 */
function mayHaveFolder(keyFile: string): boolean {
  try {
    return hasFolder(keyFile);
  } catch {
    return true;
  }
}

/**
 * The lease for a private sshd: its lines go to a file in its own folder instead. To be called once, before a grant.
 * @throws Refusal `run-directory-refused`
 */
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

/** Whether its lines go to a file in its own folder, for a private sshd. */
export function isInOwnFile({ folder, keyFile }: Pick<Lease, 'folder' | 'keyFile'>): boolean {
  return dirname(keyFile) === folder;
}

/** Makes {@link Lease.emptyHome} unless it exists. @throws Refusal `run-directory-refused` */
export function makeEmptyHome({ folder, emptyHome }: Lease): void {
  writeBelow(folder, () => mkdirSync(emptyHome, { recursive: true, mode: 0o700 }));
}

/** Writes the clock, which the room runs from its start, and what it needs. @throws Refusal `run-directory-refused` */
export function armClock(lease: Lease, deadline: Deadline, sweep: readonly string[]): void {
  const { folder } = lease;
  writeBelow(folder, () => {
    setDeadline(lease, deadline);
    writeScript(lease, 'sever', severScript(folder));
    writeScript(lease, 'clock', clockScript(folder, thisProcess(), sweep));
  });
}

/**
 * Writes the gate and the dead man's switch, and syncs the record: after a grant, the lease must be found even if the
 * machine crashes.
 * @throws Refusal `run-directory-refused`
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
 * Makes the folder of a lease again if somebody removed it while guests were in. It gets the guests last seen and
 * nothing else: no gate, no flag. {@link sever} then still finds them.
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
 * Shuts the gate and ends the connections of all guests, or of one. Runs the script's text, not its file: a crash may
 * have left the file unwritten, and a guest who can type could remove it.
 * @returns whether none is left
 */
export async function sever(folder: string, label?: Label): Promise<boolean> {
  const { code } = await capture('/bin/sh', ['-s', ...(label === undefined ? [] : ['--', label])], {
    input: severScript(folder),
    cwd: '/', // Our own working directory may be gone.
  });
  return code === 0;
}

/** Shuts the gate for all, at once. Anyone who comes from now on is refused. */
export function shutGate(folder: string): void {
  for (const label of readFolder(inLease(folder, 'open'))) {
    try {
      rmSync(inLease(folder, 'open', label), { force: true });
    } catch {
      // `sever` tries again, and ends guests who come in meanwhile.
    }
  }
}

/**
 * Removes a lease's folder. It is moved aside first, and so disappears in one instant: a half-removed folder is never
 * taken for a lease, a late gate finds nothing to register in, and of two processes that remove it one finds nothing to
 * do. If a crash or an error leaves anything, the next sweep removes it (see `removeStagings`).
 */
export function removeLease(folder: string): void {
  const aside = asideOf(folder);
  try {
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // Gone already; or its gate is shut, and its supervisor is about to end.
  }
}

/**
 * Makes a folder of this process's own in the run directory. If it outlives the process, a sweep removes it.
 * @throws Refusal `run-directory-refused`
 */
export function makeOwnFolder(root: string): string {
  const folder = asideOf(join(root, newLeaseId(machineName())));
  writeBelow(root, () => mkdirSync(folder, { mode: 0o700 }));
  return folder;
}

/** Where this process keeps a lease's folder before it is one, and after. The name tells a sweep whose it was. */
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
