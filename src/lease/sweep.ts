/** Takes back what dead pairings left. Safe to run at any time, in any number of processes at once. */
import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Refusal } from '../domain/failure.ts';
import { isLeaseId, isOfMachine, type LeaseId } from '../domain/lease-id.ts';
import { type LeaseLine, leaseLinesIn } from './authorized-keys.ts';
import { readDeadline } from './deadline-file.ts';
import { revoke } from './grant.ts';
import { editKeyFile, isLeftBehind, readKeyFile, removeFolderIfEmpty } from './key-file.ts';
import { removeLease, sever, shutGate } from './lease.ts';
import { readRecord } from './lease-record.ts';
import { endProbe } from './probe.ts';
import { isAlive, isRunning, machineName, uptime } from './process.ts';
import { isPrivate } from './run-directory.ts';

export interface Swept {
  readonly id: LeaseId;
}

export interface SweepOptions {
  /** Run directories to look into. */
  readonly roots: readonly string[];
  /** `authorized_keys` files to look into, besides those that records name. */
  readonly keyFiles: readonly string[];
  readonly now: Date;
}

/** How long, in seconds, a living supervisor may be past its deadline before it counts as stuck. */
const grace = 10;

/**
 * Takes back every lease whose supervisor is dead, and every line whose lease is gone. Leaves folders alone that others
 * could have written, but not the lines that lead into them.
 * @throws Refusal `revocation-failed`, `guests-left`, after everything else was tried
 */
export async function sweep({ roots, keyFiles, now }: SweepOptions): Promise<Swept[]> {
  const swept: Swept[] = [];
  const failures: unknown[] = [];
  const ours = roots.filter(isPrivate);
  ours.forEach(removeStagings);
  for (const keyFile of keyFiles) await removeLeftovers(keyFile);
  const named = keyFiles.flatMap((keyFile) => linesIn(keyFile).map((line) => ({ ...line, keyFile })));
  const folders = leaseFolders({ roots: ours, keyFiles });
  for (const folder of folders) {
    if (isDead(folder, now)) await takeBack(folder, keyFiles, swept, failures);
  }
  for (const { id, keyFile } of unique(named.filter((line) => isOrphan(line, now)))) {
    if (swept.some((other) => other.id === id)) continue;
    await revoke(keyFile, id).then(
      (removed) => removed > 0 && swept.push({ id }),
      (error) => failures.push(error),
    );
  }
  if (failures.length > 0) throw failures[0];
  return swept;
}

/**
 * The folders of all leases, live and dead: those in the run directories, and those behind the lines of the files.
 * Directories that others could have written are skipped, since we run the scripts in a lease's folder and connect to
 * its sockets.
 */
export function leaseFolders({ roots, keyFiles }: Pick<SweepOptions, 'roots' | 'keyFiles'>): string[] {
  const behindLines = keyFiles.flatMap(linesIn).flatMap((line) => folderOf(line) ?? []);
  return [...new Set([...roots.filter(isPrivate).flatMap(foldersIn), ...behindLines])];
}

/**
 * The lease in `folder` and, if its supervisor is dead, all others of that supervisor: a trial login has one, too, and
 * the supervisor may have died before that one had a dead man's switch.
 */
export function leasesWith(folder: string): string[] {
  const record = readRecord(folder);
  if (typeof record === 'string' || isAlive(record.supervisor)) return [folder];
  const others = foldersIn(dirname(folder)).filter((other) => {
    const its = readRecord(other);
    return typeof its !== 'string' && isDeepStrictEqual(its.supervisor, record.supervisor);
  });
  return [...new Set([folder, ...others])];
}

/**
 * Takes these leases back, whoever supervises them, and removes the unfinished folders of dead processes.
 * @throws Refusal `revocation-failed`, `guests-left`
 */
export async function sweepLeases(folders: readonly string[]): Promise<Swept[]> {
  const swept: Swept[] = [];
  const failures: unknown[] = [];
  for (const folder of folders) if (isTrusted(folder)) await takeBack(folder, [], swept, failures);
  const roots = new Set(folders.map((folder) => dirname(folder)));
  [...roots].filter(isPrivate).forEach(removeStagings);
  if (failures.length > 0) throw failures[0];
  return swept;
}

/** The rooms below `root` that are still claimed by a lease that is gone. */
export function staleClaims(root: string): { folder: string; lease: string }[] {
  return entries(join(root, 'rooms')).flatMap(({ name }) => {
    const folder = join(root, 'rooms', name);
    const lease = claimOn(folder);
    const stands = lease === undefined || lstatSync(join(root, lease), { throwIfNoEntry: false });
    return stands ? [] : [{ folder, lease }];
  });
}

async function takeBack(
  folder: string,
  keyFiles: readonly string[],
  swept: Swept[],
  failures: unknown[],
): Promise<void> {
  const record = readRecord(folder);
  const id = basename(folder);
  if (record === 'foreign' || !isLeaseId(id)) return;
  shutGate(folder);
  const here = isOfMachine(id, machineName());
  const severing = here ? sever(folder) : true;
  let revoked = true;
  for (const keyFile of record === 'none' ? keyFiles : [record.keyFile]) {
    try {
      await revoke(keyFile, id);
    } catch (error) {
      revoked = false;
      failures.push(error);
    }
  }
  const severed = await severing;
  if (here) await endProbe(folder);
  if (!severed) failures.push(new Refusal({ kind: 'guests-left', folder }));
  if (revoked && record !== 'none' && record.folderAbsent) removeFolderIfEmpty(record.keyFile);
  if (revoked && severed) removeLease(folder);
  swept.push({ id });
}

/** A lease of another machine, whose processes can't be asked from here, counts as dead when its time is up. */
function isDead(folder: string, now: Date): boolean {
  const record = readRecord(folder);
  if (record === 'foreign') return false;
  const deadline = readDeadline(folder);
  if (!isOfMachine(basename(folder) as LeaseId, machineName())) {
    return deadline !== undefined && now.getTime() / 1000 - deadline.epoch > grace;
  }
  if (record === 'none' || !isAlive(record.supervisor)) return true;
  return deadline !== undefined && uptime() - deadline.sinceBoot > grace;
}

/** Whether it is a lease's folder that nobody else can have put there. */
function isTrusted(folder: string): boolean {
  return isPrivate(dirname(folder)) && lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The lease folder behind a line, if there is one. We may remove nothing else that a line leads to. */
function folderOf({ folder }: LeaseLine): string | undefined {
  return folder !== undefined && isTrusted(folder) && hasParts(folder) ? folder : undefined;
}

function hasParts(folder: string): boolean {
  const names = new Set(entries(folder).map(({ name }) => name));
  return ['record.json', 'in', 'open'].every((name) => names.has(name));
}

/** Removes what a crash during an edit left beside the file: the lock, the new text. */
async function removeLeftovers(keyFile: string): Promise<void> {
  try {
    if (isLeftBehind(keyFile)) await editKeyFile(keyFile, () => 'unchanged');
  } catch {
    // The grant reports what is wrong with the file.
  }
}

/**
 * Whether a line's folder is gone: on this machine or, once the line has expired, on any. A line that is like ours in
 * its comment alone may be the host's own.
 */
function isOrphan(line: LeaseLine, now: Date): boolean {
  if (line.folder === undefined || folderOf(line) !== undefined) return false;
  const expired = line.expiry?.endsWith('Z') === true && line.expiry < compact(now);
  return expired || isOfMachine(line.id, machineName());
}

function linesIn(keyFile: string): LeaseLine[] {
  try {
    return leaseLinesIn(readKeyFile(keyFile) ?? '');
  } catch {
    return []; // The grant reports what is wrong with the file.
  }
}

function unique<T extends { readonly id: LeaseId; readonly keyFile: string }>(lines: readonly T[]): T[] {
  return [...new Map(lines.map((line) => [`${line.id} ${line.keyFile}`, line])).values()];
}

function compact(now: Date): string {
  return now.toISOString().replace(/[-:T]|\.\d+/g, '');
}

function foldersIn(root: string): string[] {
  return entries(root).flatMap((entry) =>
    entry.isDirectory() && isLeaseId(entry.name) ? [join(root, entry.name)] : [],
  );
}

/**
 * Removes half-made folders (see `createLease`) and other folders of a process's own, if that process is gone. Those of
 * another machine can't be checked, and harm nobody.
 */
function removeStagings(root: string): void {
  for (const { name } of entries(root)) {
    const [, id = '', pid, start = ''] = /^\.([a-z2-7]{12})\.(\d+)\.(\S+)$/.exec(name) ?? [];
    if (!isLeaseId(id) || !isOfMachine(id, machineName())) continue;
    if (!isRunning(Number(pid), start)) removeLease(join(root, name));
  }
}

function claimOn(room: string): string | undefined {
  try {
    return readlinkSync(join(room, 'lease'));
  } catch {
    return undefined;
  }
}

function entries(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}
