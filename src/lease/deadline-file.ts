/** The deadline as it stands in a lease's folder. */
import { readFileSync } from 'node:fs';
import type { Deadline } from '../domain/deadline.ts';
import { inLease } from '../domain/lease-folder.ts';
import { replaceFile } from '../system/replace-file.ts';
import { isRunning } from './process.ts';

export function setDeadline(lease: { readonly folder: string }, deadline: Deadline): void {
  replaceFile(inLease(lease.folder, 'deadline'), deadlineText(deadline));
}

/** The deadline as the gate reads it. */
export function deadlineText({ epoch, sinceBoot }: Deadline): string {
  return `${epoch} ${Math.ceil(sinceBoot)}\n`;
}

/** The deadline as the gate reads it; `undefined` if there is none. */
export function readDeadline(folder: string): Deadline | undefined {
  try {
    const [epoch, sinceBoot] = readFileSync(inLease(folder, 'deadline'), 'latin1').split(' ').map(Number);
    return epoch && sinceBoot ? { epoch, sinceBoot } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the clock runs; `undefined` if it has not started yet. */
export function isTicking(lease: { readonly folder: string }): boolean | undefined {
  try {
    const [pid, start = ''] = readFileSync(inLease(lease.folder, 'ticking'), 'latin1').trim().split(' ');
    return isRunning(Number(pid), start);
  } catch {
    return undefined;
  }
}
