/**
 * The `authorized_keys` file itself: where it really is, whether sshd would accept it, and how its text is replaced
 * without a moment in which sshd could read half of it.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Refusal, refuse } from '../domain/failure.ts';
import { shWord } from '../domain/sh-word.ts';
import { describeErrno } from '../system/errno.ts';
import { carryAttributes, isPlain, lookForAttributes, markPlain } from './attributes.ts';
import { checkTrust, elsewhere, trouble } from './key-file-trust.ts';
import { isHeld, withLock } from './lock.ts';

/**
 * What an edit makes of the file: new text (latin1, one character a byte) with what goes before it, its removal, or no
 * change.
 */
export type Edited = { readonly top?: string; readonly text: string } | 'remove' | 'unchanged';

/** How often others may change the file during an edit before the edit is refused. */
const tries = 50;

export interface EditOptions {
  /** Ends the wait for the lock, and nothing else. */
  readonly stop?: AbortSignal | undefined;
  /** Whether the edit goes ahead even if it loses attributes of the file. */
  readonly comesFirst?: boolean;
}

/**
 * Reads, edits and replaces the file under its lock. Writes the new text beside the file with the old one's mode, owner
 * and other attributes, syncs it and renames it over the resolved path, then syncs the folder. If somebody else changed
 * the file between reading and renaming, reads it again.
 * @param edit gets the text, `undefined` if there is no file, and its resolved path
 * @throws Refusal `authorized-keys-refused`, `authorized-keys-locked`, the reason of `stop`, and whatever `edit` throws
 */
export async function editKeyFile(
  path: string,
  edit: (text: string | undefined, resolved: string) => Edited,
  { stop, comesFirst = false }: EditOptions = {},
): Promise<void> {
  try {
    const resolved = resolveKeyFile(path);
    const work = (): void => {
      rmSync(asideOf(resolved), { force: true });
      for (let n = 1; !editOnce(resolved, path, edit, comesFirst); n++) {
        if (n === tries) refuse(trouble(path, 'is being changed by another program all the time'));
      }
    };
    await withLock(lockOf(resolved), path, work, { stop });
  } catch (error) {
    throw error instanceof Refusal ? error : refusedBy(path, error);
  }
}

/** Finds out beside other work what an edit would have to find out. Does not reject. */
export async function prepareEdit(path: string): Promise<void> {
  try {
    await lookForAttributes(resolveKeyFile(path));
  } catch {
    // The edit reports what is wrong with the file.
  }
}

/** The file's text; `undefined` if there is no file. @throws Refusal `authorized-keys-refused` */
export function readKeyFile(path: string): string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'latin1') : undefined;
  } catch (error) {
    throw refusedBy(path, error);
  }
}

/** Whether the file contains `text`, which is ASCII. @throws Refusal `authorized-keys-refused` */
export function holds(path: string, text: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path).includes(text);
  } catch (error) {
    throw refusedBy(path, error);
  }
}

/** Whether a process died while it edited the file. False for a file that can't be edited. */
export function isLeftBehind(path: string): boolean {
  try {
    const resolved = resolveKeyFile(path);
    const lock = lockOf(resolved);
    if (isHeld(lock)) return false;
    return [lock, asideOf(resolved)].some((name) => lstatSync(name, { throwIfNoEntry: false }));
  } catch {
    return false;
  }
}

/** Whether the file's folder exists. @throws Refusal `authorized-keys-refused` */
export function hasFolder(path: string): boolean {
  try {
    return statSync(dirname(path), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw refusedBy(path, error);
  }
}

/** Makes the file's folder, 0700, unless it exists. @throws Refusal `authorized-keys-refused` */
export function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw refusedBy(path, error);
    if (isLinkToNothing(dirname(path)))
      refuse(trouble(path, `is in ${dirname(path)}, which is a symbolic link to nothing`));
  }
}

function isLinkToNothing(path: string): boolean {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink && statSync(path, { throwIfNoEntry: false }) === undefined;
}

/** Removes the file's folder if it is empty, else does nothing. */
export function removeFolderIfEmpty(path: string): void {
  try {
    rmdirSync(dirname(resolveKeyFile(path)));
  } catch {
    // Not empty, gone already, or not ours to remove.
  }
}

/**
 * Where the file really is, symbolic links followed: renaming over a link would replace the link.
 * @throws Refusal `authorized-keys-refused` for a link to nothing, and for a path that can't be resolved
 */
export function resolveKeyFile(path: string): string {
  try {
    if (isLinkToNothing(path)) {
      const problem = 'is a symbolic link to a file that does not exist';
      refuse(trouble(path, problem, 'make the file that it points at, or pass --door private'));
    }
    if (lstatSync(path, { throwIfNoEntry: false })) return realpathSync(path);
    return hasFolder(path) ? join(realpathSync(dirname(path)), basename(path)) : path;
  } catch (error) {
    throw error instanceof Refusal ? error : refusedBy(path, error);
  }
}

function editOnce(
  resolved: string,
  path: string,
  edit: (text: string | undefined, resolved: string) => Edited,
  comesFirst: boolean,
): boolean {
  const before = statSync(resolved, { throwIfNoEntry: false, bigint: true });
  checkTrust(resolved, path);
  const text = before ? readFileSync(resolved, 'latin1') : undefined;
  const edited = edit(text, resolved);
  if (edited === 'unchanged') return true;

  const aside = edited === 'remove' ? undefined : writeAside(resolved, [edited.top ?? '', edited.text]);
  const hasNone = isPlain(before);
  try {
    const lost = aside && !hasNone ? carryAttributes(resolved, aside) : undefined;
    const now = statSync(resolved, { throwIfNoEntry: false, bigint: true });
    if (now?.ino !== before?.ino || now?.ctimeNs !== before?.ctimeNs || now?.size !== before?.size)
      return false;
    if (lost !== undefined && !comesFirst)
      refuse(trouble(path, `has attributes that could not be kept: ${lost}`, elsewhere));
    if (aside) renameSync(aside, resolved);
    else rmSync(resolved);
    if (hasNone) markPlain(resolved);
  } finally {
    if (aside) rmSync(aside, { force: true });
  }
  syncFolder(dirname(resolved));
  return true;
}

function lockOf(resolved: string): string {
  return `${resolved}.tmuxpair.lock`;
}

/** One name is enough: only the holder of the lock writes to it. */
function asideOf(resolved: string): string {
  return `${resolved}.tmuxpair.new`;
}

function writeAside(resolved: string, texts: readonly string[]): string {
  const aside = asideOf(resolved);
  const isCopy = process.platform === 'darwin' && existsSync(resolved);
  if (isCopy) copyFileSync(resolved, aside, constants.COPYFILE_EXCL); // On macOS this copies all attributes.
  const file = openSync(aside, isCopy ? 'r+' : 'wx', 0o600);
  try {
    if (isCopy) ftruncateSync(file);
    for (const text of texts) {
      const bytes = Buffer.from(text, 'latin1');
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    }
    const old = statSync(resolved, { throwIfNoEntry: false });
    if (old) keepModeAndOwner(file, old);
    fsyncSync(file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return aside;
}

function keepModeAndOwner(file: number, old: Stats): void {
  const { uid, gid } = fstatSync(file);
  if (uid !== old.uid || gid !== old.gid) fchownSync(file, old.uid, old.gid);
  fchmodSync(file, old.mode & 0o7777);
}

/** The text is already in place: a folder that can't be opened or synced undoes nothing. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // A power cut may bring the old text back. Then the gate is gone, and a sweep removes the lines.
  }
}

/** Turns a system error with the file into a refusal; returns any other error as it is. */
export function refusedBy(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return error;
  const problems: Readonly<Record<string, string>> = {
    EPERM: 'changing it is not permitted',
    EBUSY: 'it is a mount of its own, which can not be replaced',
    ENOENT: 'its folder does not exist',
  };
  const hints: Readonly<Record<string, string>> = {
    ENOSPC: 'make room on it',
    EDQUOT: 'make room',
    EROFS: elsewhere,
    EPERM: `see whether it or its folder is immutable: lsattr -d ${shWord(path)} ${shWord(dirname(path))}`,
    EBUSY: elsewhere,
    EACCES: elsewhere,
    ENOENT: 'make the folder, mode 700',
  };
  const [problem, hint] = [problems[code] ?? describeErrno(error), hints[code]];
  return new Refusal(trouble(path, problem, hint));
}
