/**
 * What was learned of this machine, kept from one run to the next together with what it depended on, so it need not be
 * asked again while nothing has changed. Losing it only costs time: nothing here throws.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { baseFolder } from './home.ts';
import { isOwn } from './ownership.ts';
import { replaceFile } from './replace-file.ts';
import { distrust, distrustAbove } from './safe-path.ts';

/** The state of files and folders at one moment; a folder changes when an entry is added or removed. */
export interface Marks {
  /** By path. Empty for a file that does not exist or can't be looked at. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether one was changed so shortly before that another change right after might not show. */
  readonly isFresh: boolean;
}

export interface Remembered {
  /** As given to {@link remember}, for the caller to check. */
  readonly value: unknown;
  readonly learnedAt: Date;
  /** The files that it depends on. */
  readonly marks: Marks;
}

export interface Lesson {
  /** What it depends on besides files, as text that the caller makes again before each {@link recall}. */
  readonly facts: readonly string[];
  /** Taken before it was learned, so a change meanwhile is noticed. */
  readonly marks: Marks;
  /** Anything that JSON can carry. */
  readonly value: unknown;
  /** Seconds after which it has to be learned again even if nothing has changed. */
  readonly lifetime: number;
}

/** In ms: a file system gives changes within one tick of its clock the same time. */
const tick = 100;

const longest = 256 << 10;

/** Looks at each file, through symbolic links. @param paths absolute */
export function markFiles(paths: Iterable<string>): Marks {
  const now = Date.now();
  let isFresh = false;
  const files = Object.fromEntries(
    [...paths].map((path) => {
      try {
        const { dev, ino, size, ctimeNs, ctimeMs, mode, uid } = statSync(path, { bigint: true });
        isFresh ||= Number(ctimeMs) > now - tick;
        return [path, [dev, ino, size, ctimeNs, mode, uid].join(' ')];
      } catch {
        return [path, ''];
      }
    }),
  );
  return { files, isFresh };
}

/** The marks of both, taken at the same time or one after the other. */
export function joinMarks(one: Marks, other: Marks): Marks {
  return { files: { ...other.files, ...one.files }, isFresh: one.isFresh || other.isFresh };
}

/**
 * What was remembered under a name, if its facts are these, its files have not changed, and it was learned on this
 * machine since it was booted. Only a file that nobody else can have written is believed.
 */
export function recall(
  env: NodeJS.ProcessEnv,
  name: string,
  facts: readonly string[],
): Remembered | undefined {
  const folder = folderFor(env);
  const record = folder === undefined ? undefined : parse(readOurs(folder, fileName(name)));
  if (!record) return undefined;
  const { learnedAt, until, files, value } = record;
  const now = Date.now();
  if (learnedAt > now || until < now) return undefined;
  if (!isSame(record.facts, [...surroundings(), ...facts])) return undefined;
  const marks = markFiles(Object.keys(files));
  if (Object.entries(files).some(([path, mark]) => marks.files[path] !== mark)) return undefined;
  return { value, learnedAt: new Date(learnedAt), marks: { files, isFresh: false } };
}

/** Replaces what is remembered under a name. @returns whether that was possible; never if the marks are fresh */
export function remember(
  env: NodeJS.ProcessEnv,
  name: string,
  { facts, marks, value, lifetime }: Lesson,
): boolean {
  const folder = folderFor(env);
  if (folder === undefined || marks.isFresh) return false;
  const learnedAt = Date.now();
  const record: PairingInfo = {
    facts: [...surroundings(), ...facts],
    files: marks.files,
    learnedAt,
    until: learnedAt + lifetime * 1000,
    value,
  };
  return writeOurs(folder, fileName(name), `${JSON.stringify(record)}\n`);
}

/** In ms: how long to wait for another process that learns the same, and how often to look. */
const turn = { longest: 10_000, look: 20 };

/**
 * Learns something while no other process of this account does: ten starts at once ask once. Those that wait get what
 * the first has remembered. If nothing can be remembered, or that takes too long, each learns by itself.
 */
export async function inTurn<T>(
  env: NodeJS.ProcessEnv,
  name: string,
  recalled: () => T | undefined,
  learn: () => Promise<T>,
): Promise<T> {
  const folder = folderFor(env);
  const until = performance.now() + turn.longest;
  while (folder !== undefined && makeOurs(folder) && performance.now() < until) {
    const claim = join(folder, `learning-${name}`);
    try {
      symlinkSync(String(process.pid), claim);
    } catch {
      if (!isClaimed(claim)) break;
      await sleep(turn.look);
      const known = recalled();
      if (known !== undefined) return known;
      continue;
    }
    try {
      return recalled() ?? (await learn());
    } finally {
      rmSync(claim, { force: true });
    }
  }
  return learn();
}

/** Whether a running process has made it, or it is gone by now. One that a dead process left behind is removed. */
function isClaimed(claim: string): boolean {
  try {
    process.kill(Number(readlinkSync(claim)), 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    try {
      rmSync(claim, { force: true });
      return true;
    } catch {
      return false;
    }
  }
}

/** Removes it, so it has to be learned again. */
export function unlearn(env: NodeJS.ProcessEnv, name: string): void {
  const folder = folderFor(env);
  try {
    if (folder !== undefined && isOurFolder(folder)) rmSync(join(folder, fileName(name)), { force: true });
  } catch {
    // It was learned on a file system that can't be written any more.
  }
}

/** As it is in the file. Times in ms since the epoch. */
interface PairingInfo {
  readonly facts: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly learnedAt: number;
  readonly until: number;
  readonly value: unknown;
}

function parse(text: string | undefined): PairingInfo | undefined {
  if (text === undefined) return undefined;
  try {
    const { facts, files, learnedAt, until, value } = JSON.parse(text);
    const isWhole =
      Array.isArray(facts) &&
      facts.every((fact) => typeof fact === 'string') &&
      typeof files === 'object' &&
      files !== null &&
      !Array.isArray(files) &&
      Object.entries(files).every(([path, mark]) => isAbsolute(path) && typeof mark === 'string') &&
      Number.isFinite(learnedAt) &&
      Number.isFinite(until);
    return isWhole ? { facts, files, learnedAt, until, value } : undefined;
  } catch {
    return undefined;
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, at) => word === other[at]);
}

/** Machines may share a home folder, and what was learned of one says nothing of another. */
function surroundings(): string[] {
  return [hostname(), `boot ${bootId()}`, `uid ${process.geteuid?.()}`];
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return ''; // Such a system has no /proc.
  }
}

function fileName(name: string): string {
  return `learned-${name}.json`;
}

/** The folder of compiled code, too: `$XDG_CACHE_HOME/tmuxpair`, by default below `~/.cache`. */
function folderFor(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return join(baseFolder(env, 'XDG_CACHE_HOME', '.cache'), 'tmuxpair');
  } catch {
    return undefined; // The account has no home.
  }
}

function isOurs(path: string, stats: Stats): boolean {
  return isOwn(stats) && !distrust(path, stats, 'any');
}

function isOurFolder(folder: string): boolean {
  const stats = lstatSync(folder);
  return stats.isDirectory() && isOurs(folder, stats) && !distrustAbove(folder);
}

/** Makes the folder if it is missing. @returns whether nobody else can write into it */
function makeOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isOurFolder(folder);
  } catch {
    return false;
  }
}

function readOurs(folder: string, name: string): string | undefined {
  try {
    if (!isOurFolder(folder)) return undefined;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK; // A FIFO never blocks.
    const file = openSync(join(folder, name), flags);
    try {
      const stats = fstatSync(file);
      return stats.isFile() && isOurs(name, stats) && stats.nlink === 1 && stats.size <= longest
        ? readFileSync(file, 'utf8')
        : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // Nothing is remembered yet.
  }
}

function writeOurs(folder: string, name: string, text: string): boolean {
  if (text.length > longest || !makeOurs(folder)) return false;
  try {
    replaceFile(join(folder, name), text);
    return true;
  } catch {
    return false; // Then the next start learns it again.
  }
}
