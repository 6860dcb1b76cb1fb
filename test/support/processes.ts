import { readdirSync, readFileSync } from 'node:fs';
import { until } from './wait.ts';

export interface Process {
  readonly pid: number;
  readonly ppid: number;
  /** Real user id. */
  readonly uid: number;
  /** Clock ticks since boot; with `pid` it names a process for good. */
  readonly startTime: number;
  /** The command line with blanks between, or `[name]` where there is none. */
  readonly cmd: string;
}

/** From proc(5): name, state, parent, flags, start. */
const statOf = /^\d+ \((.*)\) (\S) (\d+) (?:\S+ ){4}(\d+) (?:\S+ ){12}(\d+)/s;

/** The flag of a thread of the kernel's (PF_KTHREAD). */
const ofKernel = 0x00200000;

/** Every process of the machine that still runs, from /proc. Zombies are left out: they can do nothing more. */
export function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** One process, or undefined where it has ended. */
export function readProcess(pid: number): Process | undefined {
  const parsed = statOf.exec(read(pid, 'stat') ?? '');
  if (!parsed) return undefined;
  const [, name = '', state, ppid, flags, startTime] = parsed;
  if (state === 'Z' || state === 'X') return undefined;
  const known = { pid, ppid: Number(ppid), startTime: Number(startTime) };
  // Most of what is in /proc, which is read thousands of times: nobody's, and without a command line.
  if (Number(flags) & ofKernel) return { ...known, uid: 0, cmd: `[${name}]` };
  const uid = /^Uid:\t(\d+)/m.exec(read(pid, 'status') ?? '')?.[1];
  if (uid === undefined) return undefined;
  const cmd = (read(pid, 'cmdline') ?? '').replace(/\0+$/, '').replaceAll('\0', ' ');
  return { ...known, uid: Number(uid), cmd: cmd || `[${name}]` };
}

/** The value of a variable in the environment a process was started with; undefined where it can't be read. */
export function variableOf(pid: number, name: string): string | undefined {
  const entry = read(pid, 'environ')
    ?.split('\0')
    .find((text) => text.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

/** Everything below a process, children first. */
export function descendantsOf(pid: number): Process[] {
  const all = allProcesses();
  const below = (parent: number): Process[] =>
    all.filter((one) => one.ppid === parent).flatMap((child) => [child, ...below(child.pid)]);
  return below(pid);
}

/** Sends a signal to this very process; says whether it was still there. */
export function signalProcess({ pid, startTime }: Process, signal: NodeJS.Signals): boolean {
  if (readProcess(pid)?.startTime !== startTime) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Kills what `list` gives, and what that gives next, until it gives nothing. @throws Error where some stay */
export async function killAll(list: () => Process[], what: string): Promise<void> {
  await until(
    () => {
      const left = list();
      for (const one of left) signalProcess(one, 'SIGKILL');
      return left.length === 0;
    },
    { what: `the end of ${what}` },
  );
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
