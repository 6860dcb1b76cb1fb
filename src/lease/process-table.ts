/** All processes at one look: for whose children they are, which no single look at one of them tells. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { hasProc } from './process.ts';

export interface TableRow {
  readonly pid: number;
  readonly ppid: number;
  /** Of its process group. */
  readonly group: number;
  /** Of its session; on systems without /proc its group stands in. */
  readonly session: number;
  /** The kernel's name of its program, e.g. `sshd`. */
  readonly command: string;
  /** In the form of `ProcessIdentity`; empty on systems without /proc. */
  readonly start: string;
}

/** Zombies are left out: they run nothing. Empty if the system does not say. */
export function processTable(): TableRow[] {
  try {
    if (!hasProc) return rowsOfPs(ps());
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

/** A row from proc(5)'s stat. */
export function rowOfStat(text: string): TableRow | undefined {
  const [, pid, command = '', state = 'Z', rest = ''] = /^(\d+) \((.*)\) (\S) (.*)/s.exec(text) ?? [];
  if (pid === undefined || state === 'Z' || state === 'X') return undefined;
  const fields = rest.split(' ');
  const [ppid, group, session] = fields.slice(0, 3).map(Number) as [number, number, number];
  return { pid: Number(pid), ppid, group, session, command, start: fields[18] ?? '' };
}

/** Rows from `ps -A -o pid=,ppid=,pgid=,state=,comm=`. */
export function rowsOfPs(text: string): TableRow[] {
  return [...text.matchAll(/^ *(\d+) +(\d+) +(\d+) +([^\sZ]\S*) +(.+)$/gm)].map(
    ([, pid, ppid, group, , comm = '']) => ({
      pid: Number(pid),
      ppid: Number(ppid),
      group: Number(group),
      session: Number(group),
      command: comm.trim().replace(/^.*\//, ''),
      start: '',
    }),
  );
}

function stat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

function ps(): string {
  const columns = ['pid', 'ppid', 'pgid', 'state', 'comm'].flatMap((name) => ['-o', `${name}=`]);
  return execFileSync('ps', ['-A', ...columns], {
    encoding: 'latin1',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
