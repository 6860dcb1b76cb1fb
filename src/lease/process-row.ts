/** One process of a process table, and how it is parsed. */
export interface TableRow {
  readonly pid: number;
  readonly ppid: number;
  /** Of its process group. */
  readonly group: number;
  /** Of its session; on systems without /proc its group stands in. */
  readonly session: number;
  /** The kernel's name of its program, e.g. `sshd`. */
  readonly command: string;
  /** In the form of {@link ProcessIdentity}. */
  readonly start: string;
}

/** A row from proc(5)'s stat. */
export function rowOfStat(text: string): TableRow | undefined {
  const [, pid, command = '', state = 'Z', rest = ''] = /^(\d+) \((.*)\) (\S) (.*)/s.exec(text) ?? [];
  if (pid === undefined || state === 'Z' || state === 'X') return undefined;
  const fields = rest.split(' ');
  const [ppid, group, session] = fields.slice(0, 3).map(Number) as [number, number, number];
  return { pid: Number(pid), ppid, group, session, command, start: fields[18] ?? '' };
}

/** Rows from `ps -A -o pid=,ppid=,pgid=,state=,lstart=,comm=`; zombies are left out. */
export function rowsOfPs(text: string): TableRow[] {
  const rows = text.matchAll(/^ *(\d+) +(\d+) +(\d+) +[^\sZ]\S* +(\S+ +\S+ +\d+ +[\d:]+ +\d+) +(.+)$/gm);
  return [...rows].map(([, pid, ppid, group, start = '', command = '']) => ({
    pid: Number(pid),
    ppid: Number(ppid),
    group: Number(group),
    session: Number(group),
    // A path, or a title that a program sets, such as `sshd: ada@ttys001`.
    command: command.trim().replace(/^[/.].*\//, ''),
    start: start.replaceAll(/ +/g, '_'),
  }));
}

/** When it started, in ticks of 1/100 s: since boot or, if `ps` reported it, since the epoch. */
export function startTicks({ start }: Pick<TableRow, 'start'>): number {
  return /^\d*$/.test(start) ? Number(start) : Date.parse(`${start.replaceAll('_', ' ')} UTC`) / 10;
}
