/** Whether the `authorized_keys` file could be replaced, checked before anything depends on it. Changes nothing. */
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statfsSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Failure, Refusal, refuse } from '../domain/failure.ts';
import { refusedBy, resolveKeyFile } from './key-file.ts';
import { checkTrust, elsewhere, trouble } from './key-file-trust.ts';

/** Why {@link checkWritable} would refuse the file; `undefined` if it would not. */
export function writeTrouble(path: string): Failure | undefined {
  try {
    checkWritable(path);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.failure;
    throw error;
  }
}

/** @throws Refusal `authorized-keys-refused` if an edit would be refused, as far as that can be known */
export function checkWritable(path: string): void {
  try {
    const resolved = resolveKeyFile(path);
    const folder = dirname(resolved);
    if (!existsSync(folder)) {
      checkTrust(folder, path);
      checkRoom(dirname(folder));
      return;
    }
    checkTrust(resolved, path);
    checkRoom(folder);
    const stats = lstatSync(resolved, { throwIfNoEntry: false });
    if (!stats) {
      const other = aFileIn(folder);
      if (other !== undefined) probe(other);
      return;
    }
    probe(resolved);
    if (stats.nlink > 1) {
      const problem = `has ${stats.nlink} names: to replace it would cut this one off from the others, which keep the old text`;
      refuse(trouble(path, problem, elsewhere));
    }
    if (isMountPoint(resolved)) throw systemError('EBUSY');
  } catch (error) {
    throw error instanceof Refusal ? error : refusedBy(path, error);
  }
}

/** @throws an error with a system's code if no file can be made in the folder */
function checkRoom(folder: string): void {
  accessSync(folder, constants.W_OK | constants.X_OK);
  const { blocks, bavail, bfree } = statfsSync(folder);
  const left = process.geteuid?.() === 0 ? bfree : bavail;
  if (blocks > 0 && left === 0) throw systemError('ENOSPC');
}

/**
 * Tries to remove the file as a folder. Whatever keeps a file from being replaced, such as being immutable or
 * append-only, is reported first. A file is never removed in this way.
 * @throws an error with a system's code
 */
function probe(file: string): void {
  try {
    rmdirSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
  }
}

/** Any file in the folder, to test with {@link probe} whether its files can be removed. */
function aFileIn(folder: string): string | undefined {
  const file = readdirSync(folder, { withFileTypes: true }).find((entry) => entry.isFile());
  return file && join(folder, file.name);
}

/**
 * Whether something is mounted on this very file, as containers and NixOS do: nothing can be renamed over it. False if
 * the system does not say; the rename reports it then.
 */
function isMountPoint(file: string): boolean {
  const name = file.replaceAll(
    /[\\ \t\n]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return mounts().some((line) => line.split(' ')[4] === name);
}

function mounts(): string[] {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  } catch {
    return [];
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
