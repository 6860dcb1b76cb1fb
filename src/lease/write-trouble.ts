/** Whether the `authorized_keys` file could be replaced, before anything depends on it. Changes nothing. */
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

/** Why {@link checkWritable} would refuse the file; `undefined` if nothing speaks against it. */
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
 * Asks for the file to be removed as a folder: whatever keeps a file from being replaced, as its being immutable or only
 * appended to, is refused first; and what is a file is never removed so.
 * @throws an error with a system's code
 */
function probe(file: string): void {
  try {
    rmdirSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
  }
}

/** Any file of a folder, to try with {@link probe} whether what is in it can be removed again. */
function aFileIn(folder: string): string | undefined {
  const file = readdirSync(folder, { withFileTypes: true }).find((entry) => entry.isFile());
  return file && join(folder, file.name);
}

/**
 * Whether something is mounted on this very file (as containers do, and NixOS): nothing can be renamed over it. No, if the
 * system does not say: the rename will.
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
