/**
 * Whether what a lease has on disk still stands as it was written: its lines, and its own files and folders. Checked
 * every second, so unchanged files are rarely read again.
 */

import {
  type BigIntStats,
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Deadline } from '../domain/deadline.ts';
import { Refusal } from '../domain/failure.ts';
import { foldersInLease, inLease } from '../domain/lease-folder.ts';
import type { Trouble } from '../domain/trouble.ts';
import { deadlineText, setDeadline } from './deadline-file.ts';
import { readKeyFile, resolveKeyFile } from './key-file.ts';
import { checkTrust } from './key-file-trust.ts';
import type { Lease } from './lease.ts';
import { type LineTrouble, lineTroubles, type WrittenLine } from './lines.ts';
import { isPrivate } from './run-directory.ts';

/** What should stand. */
export interface Expected {
  readonly lines: readonly WrittenLine[];
  readonly gateExisting: boolean;
  readonly deadline: Deadline;
  /** Other files that sshd reads keys from. */
  readonly otherFiles: readonly string[];
  /** Whether the host already knows of a line with a guest's key. */
  readonly isKnown: (line: {
    readonly path: string;
    readonly label: string;
    readonly base64: string;
  }) => boolean;
}

export interface Standing {
  /** What does not stand as it should. Only looks; what can't be looked at counts as trouble. */
  look(expected: Expected): Trouble[];
  /** Puts back the lease's own files and folders, but not its lines. @throws the system's error */
  restore(expected: Expected): void;
}

/** The files that a lease has from start to end, if it has them at all. Scripts are run by their interpreter. */
const parts = [
  'gate',
  'sever',
  'clock',
  'switch',
  'admit',
  'record.json',
  'approve',
  'sshd_config',
  'shared.json',
];
const folders = ['', ...foldersInLease];

interface Part {
  readonly bytes: Buffer;
  readonly mode: number;
  /** Of the file when it last had these bytes. */
  stamp: string;
}

/** In ms: a file system gives changes within one tick of its clock the same time. */
const tick = 100;

/** Remembers what stands now, to compare it with what stands later. */
export function remember(lease: Lease): Standing {
  const known = new Map(parts.flatMap((name) => partOf(join(lease.folder, name))));
  const seen = new Map<string, { readonly stamp: string; readonly found: readonly LineTrouble[] }>();

  const troublesIn = (path: string, { lines, gateExisting }: Expected): readonly LineTrouble[] => {
    const stamp = stampOf(statOf(path)) + lines.map(({ text }) => text).join();
    const before = seen.get(path);
    if (before?.stamp === stamp) return before.found;
    const found = lineTroubles(readKeyFile(path), lines, { root: dirname(lease.folder), gateExisting });
    seen.set(path, { stamp: isSettled(statOf(path)) ? stamp : '', found });
    return found;
  };

  const linesAt = (path: string, expected: Expected): Trouble[] => {
    try {
      const found = troublesIn(path, expected).filter(
        (one) => one.kind !== 'elsewhere' || !expected.isKnown({ ...one, path }),
      );
      return [...(path === lease.keyFile ? trustAt(path) : []), ...group(path, found)];
    } catch (error) {
      return [failedAt(path, error)];
    }
  };

  const partTroubles = (): Trouble[] => {
    const open = folders
      .map((name) => join(lease.folder, name))
      .flatMap((path): Trouble[] => {
        if (isPrivate(path)) return [];
        return [{ kind: 'lease-part', path, problem: statOf(path) ? 'open-to-others' : 'gone' }];
      });
    const changed = [...known].flatMap(([path, part]): Trouble[] => {
      const problem = problemOf(path, part);
      return problem === undefined ? [] : [{ kind: 'lease-part', path, problem }];
    });
    return [...open, ...changed];
  };

  return {
    look: (expected) => {
      return [
        ...linesAt(lease.keyFile, expected),
        ...expected.otherFiles.flatMap((path) =>
          linesAt(path, expected).filter(({ kind }) => kind === 'key-elsewhere'),
        ),
        ...partTroubles(),
        ...deadlineTrouble(lease, expected.deadline),
      ];
    },
    restore: (expected) => {
      for (const name of folders) {
        const path = join(lease.folder, name);
        if (!lstatSync(path, { throwIfNoEntry: false })) mkdirSync(path, { mode: 0o700 });
        else if (!isPrivate(path) && lstatSync(path).isDirectory()) chmodSync(path, 0o700);
      }
      for (const [path, part] of known) {
        if (problemOf(path, part) === undefined) continue;
        rmSync(path, { force: true, recursive: true });
        writeFileSync(path, part.bytes, { mode: part.mode, flag: 'wx' });
        chmodSync(path, part.mode);
      }
      if (deadlineTrouble(lease, expected.deadline).length > 0) setDeadline(lease, expected.deadline);
    },
  };
}

function partOf(path: string): [string, Part][] {
  try {
    const stats = lstatSync(path, { bigint: true });
    if (!stats.isFile()) return [];
    return [[path, { bytes: readFileSync(path), mode: Number(stats.mode) & 0o7777, stamp: stampOf(stats) }]];
  } catch {
    return [];
  }
}

function problemOf(path: string, part: Part): 'gone' | 'changed' | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stats) return 'gone';
  const stamp = stampOf(stats);
  if (stamp === part.stamp) return undefined;
  if (!stats.isFile() || Number(stats.mode & 0o7777n) !== part.mode) return 'changed';
  if (Number(stats.uid) !== process.geteuid?.() || !readFileSync(path).equals(part.bytes)) return 'changed';
  if (isSettled(stats)) part.stamp = stamp;
  return undefined;
}

function deadlineTrouble(lease: Lease, { epoch, sinceBoot }: Deadline): Trouble[] {
  const path = inLease(lease.folder, 'deadline');
  try {
    if (readFileSync(path, 'latin1') === deadlineText({ epoch, sinceBoot })) return [];
    return [{ kind: 'lease-part', path, problem: 'changed' }];
  } catch {
    return [{ kind: 'lease-part', path, problem: 'gone' }];
  }
}

/**
 * Refuses what sshd's StrictModes refuse or others can write. If there is no file, the check of its lines reports that.
 */
function trustAt(path: string): Trouble[] {
  if (!statOf(dirname(path)) || !statOf(path)) return [];
  checkTrust(resolveKeyFile(path), path);
  return [];
}

function failedAt(path: string, error: unknown): Trouble {
  const failure = error instanceof Refusal ? error.failure : undefined;
  return failure?.kind === 'authorized-keys-refused'
    ? { ...failure, kind: 'key-file', path }
    : { kind: 'key-file', path, problem: `can't be read (${String(error)})` };
}

/** One trouble per line, and one for all that are missing. */
function group(path: string, found: readonly LineTrouble[]): Trouble[] {
  const missing = [...new Set(found.flatMap((one) => (one.kind === 'missing' ? [one.label] : [])))];
  const lines = (kind: 'changed' | 'elsewhere') =>
    found.flatMap((one) => (one.kind === kind ? [{ path, line: one.line, guests: [one.label] }] : []));
  return [
    ...(missing.length > 0 ? [{ kind: 'lines-missing', path, guests: missing } as const] : []),
    ...lines('changed').map((at) => ({ kind: 'line-changed', ...at }) as const),
    ...lines('elsewhere').map((at) => ({ kind: 'key-elsewhere', ...at }) as const),
  ];
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

function stampOf(stats: BigIntStats | undefined): string {
  return stats ? [stats.dev, stats.ino, stats.size, stats.ctimeNs].join() : 'none';
}

function isSettled(stats: BigIntStats | undefined): boolean {
  return !stats || Date.now() - Number(stats.ctimeMs) > tick;
}
