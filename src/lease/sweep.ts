/** Taking back what dead pairings left. Safe to run at any time, by any number of processes at once. */
import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isLeaseId, isOfMachine, type LeaseId } from '../domain/lease-id.ts';
import { type LeaseLine, leaseLinesIn } from './authorized-keys.ts';
import { readKeyFile, removeFolderIfEmpty } from './key-file.ts';
import { readDeadline, removeLease, revoke, sever, shutGate } from './lease.ts';
import { isAlive, machineName, startOf, uptime } from './process.ts';
import { type LeaseRecord, readRecord } from './record.ts';

export interface Swept {
  readonly id: LeaseId;
  /** Whether every guest process of it is gone. */
  readonly severed: boolean;
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

/** @throws Refusal `revocation-failed` after everything else was tried */
export async function sweep({ roots, keyFiles, now }: SweepOptions): Promise<Swept[]> {
  const swept: Swept[] = [];
  const failures: unknown[] = [];
  roots.forEach(removeStagings);
  const named = keyFiles.flatMap((keyFile) => linesIn(keyFile).map((line) => ({ ...line, keyFile })));
  const folders = leaseFolders({ roots, keyFiles });
  for (const folder of folders) {
    const record = readRecord(folder);
    if (record && isDead(record, folder)) await takeBack(folder, record, swept, failures);
  }
  for (const { id, keyFile } of unique(named.filter((line) => isOrphan(line, now)))) {
    if (swept.some((other) => other.id === id)) continue;
    await revoke(keyFile, id).then(
      () => swept.push({ id, severed: true }),
      (error) => failures.push(error),
    );
  }
  if (failures.length > 0) throw failures[0];
  return swept;
}

/** The folders of all leases, live and dead: in the run directories, and behind the lines of the files. */
export function leaseFolders({ roots, keyFiles }: Pick<SweepOptions, 'roots' | 'keyFiles'>): string[] {
  const behindLines = keyFiles.flatMap(linesIn).flatMap((line) => folderOf(line) ?? []);
  return [...new Set([...roots.flatMap(foldersIn), ...behindLines])];
}

/** Takes one lease back, whoever supervises it. @throws Refusal `revocation-failed` */
export async function sweepLease(folder: string): Promise<Swept[]> {
  const record = readRecord(folder);
  const swept: Swept[] = [];
  const failures: unknown[] = [];
  if (record) await takeBack(folder, record, swept, failures);
  if (failures.length > 0) throw failures[0];
  return swept;
}

/** The rooms below `root` that a lease which is no more still claims. */
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
  record: LeaseRecord,
  swept: Swept[],
  failures: unknown[],
): Promise<void> {
  shutGate(folder);
  const [severed, revoked] = await Promise.all([
    sever(folder),
    revoke(record.keyFile, record.id).then(
      () => true,
      (error) => {
        failures.push(error);
        return false;
      },
    ),
  ]);
  if (revoked && record.folderAbsent) removeFolderIfEmpty(record.keyFile);
  if (revoked && severed) removeLease(folder);
  swept.push({ id: record.id, severed });
}

function isDead(record: LeaseRecord, folder: string): boolean {
  if (!isAlive(record.supervisor)) return true;
  const deadline = readDeadline(folder);
  return deadline !== undefined && uptime() - deadline.sinceBoot > grace;
}

/** The lease folder behind a line, where there is one. */
function folderOf({ id, folder }: LeaseLine): string | undefined {
  const stands =
    folder !== undefined && basename(folder) === id && lstatSync(folder, { throwIfNoEntry: false });
  return stands ? folder : undefined;
}

/** Whether no folder stands behind a line any more: on this machine, or anywhere, where its time is up. */
function isOrphan(line: LeaseLine, now: Date): boolean {
  if (folderOf(line) !== undefined) return false;
  const expired = line.expiry?.endsWith('Z') === true && line.expiry < compact(now);
  return expired || isOfMachine(line.id, machineName());
}

function linesIn(keyFile: string): LeaseLine[] {
  try {
    return leaseLinesIn(readKeyFile(keyFile) ?? '');
  } catch {
    return []; // What is wrong with the file, the grant says.
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

/** Half-made folders (see `createLease`) whose maker is gone. */
function removeStagings(root: string): void {
  for (const { name } of entries(root)) {
    const [, pid, start] = /^\.[a-z2-7]{12}\.(\d+)\.(\w+)$/.exec(name) ?? [];
    if (pid !== undefined && startOf(Number(pid)) !== start) removeLease(join(root, name));
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
