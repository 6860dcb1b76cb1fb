/** All processes at once: only that tells whose children they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { hasProc } from './process.ts';
import { rowOfStat, type TableRow } from './process-row.ts';
import { psTable } from './ps.ts';

/** Zombies are left out: they run nothing. Empty if the system does not say. */
export function processTable(): TableRow[] {
  try {
    if (!hasProc) return [...psTable().values()];
    return rowsOf(processIds());
  } catch {
    return [];
  }
}

/** The ids of all processes, from proc(5). @throws if there is no /proc, or no file handle is left */
export function processIds(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []));
}

/** Those of these processes that still run, from proc(5). */
export function rowsOf(pids: readonly number[]): TableRow[] {
  return pids.flatMap((pid) => rowOfStat(stat(pid)) ?? []);
}

function stat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return ''; // It has ended meanwhile.
  }
}
