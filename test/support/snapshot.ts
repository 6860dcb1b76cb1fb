import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { expect } from 'vitest';

/** All that I1 promises about one path. Bytes are latin1 text, so that a difference reads well. */
export type Snapshot =
  | { readonly kind: 'absent' }
  | ({ readonly kind: 'file'; readonly bytes: string } & Ownership)
  | ({ readonly kind: 'link'; readonly target: string } & Ownership)
  | ({ readonly kind: 'folder'; readonly names: readonly string[] } & Ownership);

interface Ownership {
  /** Octal permissions, such as `0600`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}

export function snapshotOf(path: string): Snapshot {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return { kind: 'absent' };
  const ownership = ownershipOf(stats);
  if (stats.isDirectory()) return { kind: 'folder', names: readdirSync(path).sort(), ...ownership };
  if (stats.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path), ...ownership };
  return { kind: 'file', bytes: readFileSync(path, 'latin1'), ...ownership };
}

/** Several paths at once, by path. */
export function snapshotsOf(paths: readonly string[]): Readonly<Record<string, Snapshot>> {
  return Object.fromEntries(paths.map((path) => [path, snapshotOf(path)]));
}

/** Asserts that the paths of a snapshot are again as they were: content, kind, mode, owner, group. */
export function expectUntouched(before: Readonly<Record<string, Snapshot>>): void {
  expect(snapshotsOf(Object.keys(before))).toEqual(before);
}

function ownershipOf({ mode, uid, gid }: Stats): Ownership {
  return { mode: (mode & 0o7777).toString(8).padStart(4, '0'), uid, gid };
}
