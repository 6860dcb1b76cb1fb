/** All processes at one look: for whose children they are, which no single look at one of them tells. */
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

/** The ids of all processes, from proc(5). @throws where there is no /proc, or no file handle is left */
export function processIds(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []));
}

/** Those of these processes, from proc(5), that run. */
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
