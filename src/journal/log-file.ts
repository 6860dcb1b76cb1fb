/**
 * The file of the log: `log.jsonl` in the state folder, 0600, and `log.old.jsonl`, which it becomes once it has grown.
 * Any number of processes append to it at once, each line with one write.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from '../lease/lock.ts';
import { stateDirectory } from '../lease/run-directory.ts';
import { describeErrno } from '../system/errno.ts';
import { isOwn } from '../system/ownership.ts';
import { distrust } from '../system/safe-path.ts';

/** Bytes. */
const longest = 1 << 20;
/** How long, in ms, to wait for another process that renames it. The next line tries again. */
const timeoutMs = 100;

/** Why the log can't be used. Not a failure: a pairing goes on without it. */
export class LogTrouble extends Error {
  override readonly name = 'LogTrouble';
  readonly path: string;

  constructor(path: string, problem: string) {
    super(problem);
    this.path = path;
  }
}

type Env = NodeJS.ProcessEnv;

function logPath(env: Env): string {
  return join(stateDirectory(env), 'log.jsonl');
}

function oldLogPath(env: Env): string {
  return join(stateDirectory(env), 'log.old.jsonl');
}

/** Appends a line, with one write. @throws LogTrouble */
export async function appendToLog(env: Env, line: string): Promise<void> {
  const path = logPath(env);
  const size = attempt(path, () => append(path, line));
  if (size < longest) return;
  const rename = (): void => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats && stats.size >= longest) renameSync(path, oldLogPath(env)); // Otherwise another process has.
  };
  // Another process moves it aside, or the next line does.
  await withLock(`${path}.lock`, path, rename, { longest: timeoutMs }).catch(() => {});
}

/** All lines, the oldest first. @throws LogTrouble */
export function readLog(env: Env): string[] {
  return [oldLogPath(env), logPath(env)].flatMap((path) => attempt(path, () => read(path)).split('\n'));
}

/** @returns how large the file is now, in bytes */
function append(path: string, line: string): number {
  const folder = dirname(path);
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  inspect(folder, lstatSync(folder), 'folder');
  const { O_RDWR, O_APPEND, O_CREAT } = constants;
  const file = openOwn(path, O_RDWR | O_APPEND | O_CREAT);
  try {
    const { size, mode } = fstatSync(file);
    if ((mode & 0o077) !== 0) fchmodSync(file, 0o600);
    // A line that a full disk has cut off must not spoil the next one.
    const last = Buffer.alloc(1);
    const isCut = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
    const bytes = Buffer.from(`${isCut ? '\n' : ''}${line}\n`);
    if (writeSync(file, bytes) < bytes.length) throw new LogTrouble(path, 'the disk is full');
    return size + bytes.length;
  } finally {
    closeSync(file);
  }
}

function read(path: string): string {
  if (!lstatSync(path, { throwIfNoEntry: false })) return '';
  const file = openOwn(path, constants.O_RDONLY);
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Opens a plain file of this account's that nobody else can write. Does not wait for a FIFO. */
function openOwn(path: string, flags: number): number {
  const file = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  try {
    inspect(path, fstatSync(file), 'file');
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function inspect(path: string, stats: Stats, what: 'folder' | 'file'): void {
  if (stats.isSymbolicLink()) throw new LogTrouble(path, 'it is a symbolic link');
  if (!(what === 'file' ? stats.isFile() : stats.isDirectory()))
    throw new LogTrouble(path, `it is no plain ${what}`);
  if (!isOwn(stats)) throw new LogTrouble(path, `it belongs to user ${stats.uid}`);
  if (distrust(path, stats, 'any')) throw new LogTrouble(path, 'others can write it');
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LogTrouble) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    const problems: Readonly<Record<string, string>> = {
      ELOOP: 'it is a symbolic link',
      ENXIO: 'it is no plain file',
    };
    throw new LogTrouble(path, problems[code] ?? describeErrno(error));
  }
}
