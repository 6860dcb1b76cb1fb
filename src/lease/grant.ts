/** The lines of a lease in the `authorized_keys` file: writes, moves, finds and revokes them. */
import { lstatSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal, refuse } from '../domain/failure.ts';
import type { Guest, Label } from '../domain/guest.ts';
import type { KeyLine } from '../domain/key-line.ts';
import { inLease } from '../domain/lease-folder.ts';
import type { LeaseId } from '../domain/lease-id.ts';
import { homeFolder } from '../system/home.ts';
import {
  findKey,
  type LineOptions,
  leaseLines,
  leaseLinesIn,
  withExpiry,
  withLease,
  withoutLease,
} from './authorized-keys.ts';
import {
  type Edited,
  editKeyFile,
  hasFolder,
  holds,
  isLeftBehind,
  makeFolder,
  readKeyFile,
  removeFolderIfEmpty,
} from './key-file.ts';
import { isInOwnFile, type Lease } from './lease.ts';
import type { WrittenLine } from './lines.ts';
import { writeBelow } from './run-directory.ts';

/** Moves the `expiry-time` of a lease's lines. @throws Refusal as `editKeyFile` */
export async function moveExpiry(lease: Lease, expiry: string): Promise<void> {
  await editKeyFile(lease.keyFile, (text) => {
    const moved = text === undefined ? undefined : withExpiry(text, lease.id, expiry);
    return moved === undefined || moved === text ? 'unchanged' : { text: moved };
  });
}

/** A line as {@link moveExpiry} leaves it. */
export function withMovedExpiry({ id }: Lease, line: WrittenLine, expiry: string): WrittenLine {
  return { ...line, text: withExpiry(line.text, id, expiry) };
}

/**
 * Writes the lines of `guests` into the file. Read-only guests get no ports.
 * @param options.check called last before the lines are written, under the file's lock; nothing is written if it throws
 * @param options.stop nothing is written once this is aborted
 * @returns what was written
 * @throws Refusal `key-already-present` unless `gateExisting`; those of `editKeyFile`; the reason of `stop`
 */
export async function grant(
  lease: Lease,
  guests: readonly Guest[],
  options: Omit<LineOptions, 'id' | 'gate'> & WriteOptions,
): Promise<readonly WrittenLine[]> {
  const { id, gate } = lease;
  const lines = guests.flatMap(({ label, keys, access }) =>
    keys.flatMap((key, index) => {
      const forward = access === 'read-only' ? [] : options.forward;
      const grants = [{ label, key, number: index + 1 }];
      return leaseLines(grants, { ...options, forward, id, gate }).map((text) => ({
        label,
        base64: key.base64,
        text,
      }));
    }),
  );
  linkKeys(lease, Math.max(...guests.map(({ keys }) => keys.length)));
  await writeLines(lease, () => lines, guests, options);
  return lines;
}

/**
 * Puts all granted lines back, in place of what is left of them.
 * @param lines called under the file's lock: a guest may have been removed meanwhile
 * @param guests the guests of these lines
 * @throws Refusal as {@link grant}
 */
export async function grantAgain(
  lease: Lease,
  lines: () => readonly WrittenLine[],
  guests: readonly Guest[],
  options: WriteOptions,
): Promise<void> {
  linkKeys(lease, Math.max(1, ...guests.map(({ keys }) => keys.length)));
  await writeLines(lease, lines, guests, options, lease.id);
}

interface WriteOptions {
  readonly gateExisting: boolean;
  readonly check?: () => void;
  readonly stop?: AbortSignal;
}

/** @param instead the lease whose lines these replace */
async function writeLines(
  lease: Lease,
  lines: () => readonly WrittenLine[],
  guests: readonly Guest[],
  options: WriteOptions,
  instead?: LeaseId,
): Promise<void> {
  const folderAbsent = !hasFolder(lease.keyFile);
  if (folderAbsent) makeFolder(lease.keyFile);
  try {
    const edit = (text: string | undefined, path: string): Edited => {
      options.stop?.throwIfAborted();
      options.check?.();
      const old = text !== undefined && instead ? withoutLease(text, instead) : { text, folder: false };
      if (!options.gateExisting) {
        refuseKnownKeys(guests, path, old.text);
        for (const other of otherFiles(lease, path)) refuseKnownKeys(guests, other, readKeyFile(other));
      }
      const texts = lines().map((line) => line.text);
      return withLease(old.text, texts, folderAbsent || old.folder);
    };
    await editKeyFile(lease.keyFile, edit, { stop: options.stop });
  } catch (error) {
    // Another pairing may have made the folder, and removed it when it ended.
    if (!hasFolder(lease.keyFile) && isRefusedFile(error))
      return writeLines(lease, lines, guests, options, instead);
    if (folderAbsent) removeFolderIfEmpty(lease.keyFile);
    throw error;
  }
}

/**
 * The files besides `path` that sshd reads by default, perhaps before it; none for a private sshd. sshd looks for
 * `authorized_keys2` beside the name, not beside the file that the name may be a link to.
 */
function otherFiles({ folder, keyFile }: Lease, path: string): string[] {
  if (isInOwnFile({ folder, keyFile })) return [];
  const own = join(homeFolder(), '.ssh', 'authorized_keys');
  return [...new Set([`${keyFile}2`, own, `${own}2`])].filter((other) => other !== path && other !== keyFile);
}

/** Lines that have a key of these guests and lead to no gate of ours. Skips unreadable files. */
export function findKeyLines(lease: Lease, guests: readonly Guest[], paths: readonly string[]): KeyLine[] {
  return paths.flatMap((path) => {
    const text = tryToRead(path);
    if (text === undefined) return [];
    return guests.flatMap(({ label, keys }) =>
      keys.flatMap((key): KeyLine[] => {
        const line = findKey(text, key, dirname(lease.folder))?.line;
        return line === undefined ? [] : [{ path, line, label, key }];
      }),
    );
  });
}

function tryToRead(path: string): string | undefined {
  try {
    return readKeyFile(path);
  } catch {
    return undefined;
  }
}

/** Gives the gate a path for every key number: links from the lease's folder to itself. */
function linkKeys(lease: Lease, most: number): void {
  for (let number = 2; number <= most; number++) {
    const link = inLease(lease.folder, `${number}`);
    if (!lstatSync(link, { throwIfNoEntry: false })) writeBelow(lease.folder, () => symlinkSync('.', link));
  }
}

/**
 * Takes the lines of `id` back, of one guest or of all. It is no failure if there are none.
 * @returns how many there were
 * @throws Refusal `revocation-failed`, which names the lines
 */
export async function revoke(keyFile: string, id: LeaseId, label?: Label): Promise<number> {
  try {
    let [folder, removed] = [false, 0];
    if (!hasFolder(keyFile) || !hasTraces(keyFile, id)) return 0;
    const edit = (text: string | undefined): Edited => {
      if (text === undefined) return 'unchanged';
      const rest = withoutLease(text, id, label);
      ({ folder, removed } = rest);
      if (removed === 0) return 'unchanged';
      return rest.text === undefined ? 'remove' : { text: rest.text };
    };
    await editKeyFile(keyFile, edit, { comesFirst: true });
    if (folder) removeFolderIfEmpty(keyFile);
    return removed;
  } catch (error) {
    return refuse({
      kind: 'revocation-failed',
      path: keyFile,
      lines: linesOf(keyFile, id),
      label: `tmuxpair:${id}:`,
      problem:
        error instanceof Refusal && 'problem' in error.failure
          ? (error.failure.problem ?? '')
          : String(error),
    });
  }
}

function refuseKnownKeys(guests: readonly Guest[], path: string, text: string | undefined): void {
  for (const { reference, keys } of guests) {
    for (const key of keys) {
      const found = text === undefined ? undefined : findKey(text, key);
      if (!found) continue;
      const { fingerprint } = key;
      refuse({ kind: 'key-already-present', reference: reference.text, fingerprint, path, ...found });
    }
  }
}

function isRefusedFile(error: unknown): boolean {
  return error instanceof Refusal && error.failure.kind === 'authorized-keys-refused';
}

/** If there is nothing to take back, it does not matter that the file can't be written or is locked. */
function hasTraces(keyFile: string, id: LeaseId): boolean {
  return isLeftBehind(keyFile) || holds(keyFile, `tmuxpair:${id}:`);
}

function linesOf(keyFile: string, id: LeaseId): number[] {
  try {
    return leaseLinesIn(readKeyFile(keyFile) ?? '').flatMap((found) => (found.id === id ? [found.line] : []));
  } catch {
    return [];
  }
}
