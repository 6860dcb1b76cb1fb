import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, startOf } from './process.ts';

/** One guest process, as its gate registered it in `in/` (see scripts.ts). */
export interface Presence {
  /** The name of its file: unique, and stable while it lives. */
  readonly record: string;
  readonly label: string;
  readonly pid: number;
  readonly address: string;
}

/**
 * Who is inside now: guests whose gate has become tmux. A record goes when its process and its connection are gone;
 * of a connection that has no process any more one record stays, since only that names the connection at the end.
 */
export function presences(folder: string): Presence[] {
  const inside: Presence[] = [];
  const idle = new Set<string>();
  for (const record of recordsIn(folder) ?? []) {
    const [kind, label = '', parent = '', parentStart, pid = '', start, address = ''] = record.split(',');
    if (startOf(Number(pid)) === start) {
      const passed = commandOf(Number(pid))?.includes('tmux') === true;
      if (kind === 'ssh' && passed) inside.push({ record, label, pid: Number(pid), address });
      continue;
    }
    if (startOf(Number(parent)) === parentStart && !idle.has(parent)) idle.add(parent);
    else rmSync(join(folder, 'in', record), { force: true });
  }
  return inside;
}

/** The names of all records; `undefined` where the lease's folder is gone. */
export function recordsIn(folder: string): string[] | undefined {
  try {
    return readdirSync(join(folder, 'in'));
  } catch {
    return undefined;
  }
}
