/** What `ps` says of processes, on systems without /proc. */
import { execFileSync } from 'node:child_process';
import { rowsOfPs, type TableRow } from './process-row.ts';

let table: ReadonlyMap<number, TableRow> | undefined;

/**
 * The running processes, read once per turn of the event loop: asking about many, for example about each guest, starts
 * one `ps`.
 * @throws the system's error if there is no ps
 */
export function psTable(): ReadonlyMap<number, TableRow> {
  if (table) return table;
  const columns = ['pid', 'ppid', 'pgid', 'state', 'lstart', 'comm'].flatMap((name) => ['-o', `${name}=`]);
  table = new Map(rowsOfPs(ps(['-A', ...columns])).map((row) => [row.pid, row]));
  setImmediate(() => {
    table = undefined;
  });
  return table;
}

/**
 * The output of ps, with whole lines and times in UTC.
 * @throws the system's error if there is none, or it finds nothing
 */
export function ps(args: readonly string[]): string {
  return execFileSync('ps', ['-ww', ...args], {
    encoding: 'latin1',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC0' },
    maxBuffer: Infinity,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
