import { closeSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { inLease } from '../domain/lease-folder.ts';
import { isLeaseId, type LeaseId } from '../domain/lease-id.ts';
import { replaceFile } from '../system/replace-file.ts';
import type { ProcessIdentity } from './process.ts';

/** What a sweep must know of a lease after its supervisor has died. */
export interface LeaseRecord {
  readonly version: 1;
  readonly id: LeaseId;
  readonly supervisor: ProcessIdentity;
  /** The `authorized_keys` file as it was named, absolute. */
  readonly keyFile: string;
  /** Whether that file's folder is ours to remove again. */
  readonly folderAbsent: boolean;
  readonly startedAt: string;
}

/** A crash of the machine may lose both the old record and the new: see {@link syncRecord}. */
export function writeRecord(folder: string, record: LeaseRecord): void {
  replaceFile(inLease(folder, 'record.json'), JSON.stringify(record));
}

/** Makes the record survive a crash of the machine from now on. */
export function syncRecord(folder: string): void {
  const file = openSync(inLease(folder, 'record.json'), 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * The record in a lease's folder. `foreign` if another version of this program wrote it; `none` if there is none, or
 * half of one, which a crash of the machine may leave. A living lease always has one.
 */
export function readRecord(folder: string): LeaseRecord | 'foreign' | 'none' {
  let value: Partial<LeaseRecord> | null;
  try {
    value = JSON.parse(readFileSync(inLease(folder, 'record.json'), 'utf8'));
  } catch {
    return 'none';
  }
  const sound =
    value?.version === 1 &&
    isLeaseId(String(value.id)) &&
    typeof value.keyFile === 'string' &&
    typeof value.supervisor?.pid === 'number' &&
    typeof value.supervisor.start === 'string' &&
    typeof value.supervisor.boot === 'string';
  return sound ? (value as LeaseRecord) : 'foreign';
}
