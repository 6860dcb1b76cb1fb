/**
 * What runs behind a connection of a private sshd. sshd starts one program a session, the guest's login shell, and that
 * has to become the gate: whatever else it becomes has the guest's terminal, past the gate.
 */
import { type ParsedRecord, parseRecord, recordsIn } from './presence.ts';
import { hasProc, uptime } from './process.ts';
import { processTable, type TableRow } from './process-table.ts';

export interface Behind {
  /** Whether a gate of this connection has registered, now or before. */
  readonly registered: boolean;
  /** What sshd started and that is no registered gate, each with all that it has started itself. */
  readonly strangers: readonly TableRow[];
  /** Whether something may still be on its way to the gate. */
  readonly isComing: boolean;
}

/** Clock ticks a second: what Linux tells every program, whatever the kernel's own are. */
const ticks = 100;

/**
 * @param leader of the connection's process group, which holds sshd's own processes and nothing else
 * @param seconds how long a process that sshd started may take to register; younger ones are no strangers yet
 */
export function lookBehind(folder: string, leader: number, seconds: number): Behind {
  const table = processTable(); // First: who registers meanwhile is seen to have.
  const gates = (recordsIn(folder) ?? []).map(parseRecord).filter(({ kind }) => kind === 'ssh');
  return behind(table, gates, leader, hasProc ? (uptime() - seconds) * ticks : Infinity);
}

/** The pure half. @param before in ticks since boot: what has started later is no stranger yet */
export function behind(
  table: readonly TableRow[],
  gates: readonly Pick<ParsedRecord, 'parent' | 'pid' | 'start'>[],
  leader: number,
  before: number,
): Behind {
  const own = new Set(
    table.flatMap(({ pid, group, command }) => (group === leader && /^sshd\b/.test(command) ? [pid] : [])),
  );
  const isGate = ({ pid, start }: TableRow): boolean =>
    gates.some((gate) => gate.pid === pid && (start === '' || gate.start === start));
  const shells = table.filter((row) => own.has(row.ppid) && !own.has(row.pid) && !isGate(row));
  const isYoung = ({ start }: TableRow): boolean => Number(start || 0) > before;
  const found = new Map<number, TableRow>();
  const add = (row: TableRow): void => {
    if (found.has(row.pid)) return;
    found.set(row.pid, row);
    for (const other of table)
      if (other.ppid === row.pid || (other.session === row.pid && other.pid !== row.pid)) add(other);
  };
  for (const shell of shells) if (!isYoung(shell)) add(shell);
  return {
    registered: gates.some(({ parent }) => own.has(parent)),
    strangers: [...found.values()],
    isComing: shells.some(isYoung),
  };
}
