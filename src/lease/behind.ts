/**
 * What runs behind a connection of a private sshd. sshd starts one program per session, the guest's login shell, and
 * the shell must become the gate. Anything else that it becomes has the guest's terminal without having passed the
 * gate.
 */
import { userOf } from '../system/process-user.ts';
import { type ParsedRecord, parseRecord, recordsIn } from './presence.ts';
import { commandLineOf, hasProc, uptime } from './process.ts';
import { startTicks, type TableRow } from './process-row.ts';
import { processIds, processTable, rowsOf } from './process-table.ts';

export interface Behind {
  /** Whether a gate of this connection has registered, now or before. */
  readonly registered: boolean;
  /** Processes that sshd started and that are no registered gate, each with everything it has started itself. */
  readonly strangers: readonly TableRow[];
  /** Whether a process may still be on its way to the gate. */
  readonly isComing: boolean;
}

/** Clock ticks a second, as Linux reports them to every program, whatever the kernel's own are. */
const ticks = 100;

/** In the unit of `startTicks`. */
function ticksNow(): number {
  return (hasProc ? uptime() : Date.now() / 1000) * ticks;
}

/**
 * @param leader the leader of the connection's process group, which holds sshd's own processes and nothing else
 * @param seconds how long a process that sshd started may take to register; younger ones are no strangers yet
 */
export function lookBehind(folder: string, leader: number, seconds: number): Behind {
  const table = processTable(); // First, so a gate that registers meanwhile counts as registered.
  const gates = (recordsIn(folder) ?? []).map(parseRecord).filter(({ kind }) => kind === 'ssh');
  return behind(table, gates, leader, ticksNow() - seconds * ticks);
}

/** In seconds: a process that is to become an sshd has done so by then. */
const toSettle = 5;

/** Looks for what runs past the gate. @param seconds as for {@link lookBehind}; each gets a result of its own */
export type StrayLook = (...seconds: readonly number[]) => readonly (readonly TableRow[])[];

/**
 * Finds what runs past the gate behind guests' connections to the machine's sshd. A connection certainly is a guest's
 * if a gate has registered from it, or if its shell was started with the command of a line of ours and has not run it.
 * Others may be the host's own. To be called about every second: a process that has run for some seconds and has
 * nothing to do with any sshd is not looked at again. What started a process stays the same, and no number is reused so
 * soon.
 */
export function lookForStrays(folder: string): StrayLook {
  let others: ReadonlySet<number> = new Set();
  return (...seconds) => {
    const pids = hasProc ? processIds() : [];
    const rows = rowsOf(pids.filter((pid) => !others.has(pid)));
    const named = new Set(rows.flatMap(({ pid, command }) => (/^sshd\b/.test(command) ? [pid] : [])));
    const settled = ticksNow() - toSettle * ticks;
    const isOther = (row: TableRow): boolean =>
      !named.has(row.pid) && !named.has(row.ppid) && startTicks(row) < settled;
    others = new Set([
      ...pids.filter((pid) => others.has(pid)),
      ...rows.filter(isOther).map(({ pid }) => pid),
    ]);
    // After the look, so a gate that registers meanwhile counts as registered.
    const gates = (recordsIn(folder) ?? []).map(parseRecord).filter(({ kind }) => kind === 'ssh');
    const sshds = new Map(
      rows.flatMap((row) => (named.has(row.pid) && servesUs(row.pid) ? [[row.pid, row]] : [])),
    );
    const own = new Set<number>();
    for (const { parent, parentStart } of gates)
      if (sshds.get(parent)?.start === parentStart) own.add(parent);
    const isOurs = ({ pid, ppid }: TableRow): boolean =>
      sshds.has(ppid) &&
      !sshds.has(pid) &&
      isOfThisUser(pid) &&
      commandLineOf(pid).includes(` -c exec /bin/sh ${folder}/`);
    for (const row of rows) if (isOurs(row)) own.add(row.ppid);
    const before = seconds.map((some) => ticksNow() - some * ticks);
    // Mostly only gates run there. If not, everything that the strangers have started counts, too.
    const isQuiet = before.every((then) => behindOf(rows, gates, own, then).strangers.length === 0);
    const table = isQuiet ? rows : processTable();
    return before.map((then) => behindOf(table, gates, own, then).strangers);
  };
}

/**
 * Whose logins these are, and how many seconds old. The guest is known from the command of a line of ours, or from
 * another gate of the same connection; other logins are left out.
 */
export function strayLogins(
  folder: string,
  strays: readonly TableRow[],
): { readonly label: string; readonly seconds: number }[] {
  const gates = (recordsIn(folder) ?? []).map(parseRecord).filter(({ kind }) => kind === 'ssh');
  return strays.flatMap((row) => {
    const [, command = ''] = commandLineOf(row.pid).split(` -c exec /bin/sh ${folder}/`);
    const [, named] = /^(?:\d+\/)?gate (\S+)/.exec(command) ?? [];
    const label = named ?? gates.find(({ parent }) => parent === row.ppid)?.label;
    const seconds = Math.round(uptime() - startTicks(row) / ticks);
    return label === undefined ? [] : [{ label, seconds }];
  });
}

/**
 * Whether it is the sshd of one connection to this account. An sshd that listens is not, nor is process 1, the parent
 * of orphans, which in a container may be an sshd. Nor is another user's process of that name.
 */
function servesUs(pid: number): boolean {
  return pid > 1 && isConnection(commandLineOf(pid)) && isOfThisUser(pid);
}

/** By the title that an sshd sets: `sshd: ada@pts/0`, not `sshd: /usr/sbin/sshd -D [listener] …`. */
export function isConnection(title: string): boolean {
  return /^sshd(-session)?: [^/]/.test(title) && !title.includes('[listener]');
}

function isOfThisUser(pid: number): boolean {
  return userOf(pid) === process.geteuid?.();
}

/** The pure half. @param before in ticks, as `startTicks`: a process that started later is no stranger yet */
export function behind(
  table: readonly TableRow[],
  gates: readonly Pick<ParsedRecord, 'parent' | 'pid' | 'start'>[],
  leader: number,
  before: number,
): Behind {
  const own = table.flatMap(({ pid, group, command }) =>
    group === leader && /^sshd\b/.test(command) ? [pid] : [],
  );
  return behindOf(table, gates, new Set(own), before);
}

function behindOf(
  table: readonly TableRow[],
  gates: readonly Pick<ParsedRecord, 'parent' | 'pid' | 'start'>[],
  own: ReadonlySet<number>,
  before: number,
): Behind {
  const isGate = ({ pid, start }: TableRow): boolean =>
    gates.some((gate) => gate.pid === pid && gate.start === start);
  const shells = table.filter((row) => own.has(row.ppid) && !own.has(row.pid) && !isGate(row));
  const isYoung = (row: TableRow): boolean => startTicks(row) > before;
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
