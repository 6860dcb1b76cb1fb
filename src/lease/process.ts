import { existsSync, readFileSync } from 'node:fs';
import { hostname, uptime as secondsUp } from 'node:os';
import { refuse } from '../domain/failure.ts';
import { ps, psTable } from './ps.ts';

/** A process, told apart from a later one with the same number by its start time and its boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** With /proc, clock ticks since boot (proc(5), stat field 22); else `ps -o lstart=` in UTC, blanks as `_`. */
  readonly start: string;
  /** The boot's id; empty if the system has none. */
  readonly boot: string;
}

/** Without /proc, as on macOS or in a container that hides it, `ps` lists the processes. */
export const hasProc = process.platform === 'linux' && existsSync('/proc/self/stat');

let self: ProcessIdentity | undefined;

/** @throws Refusal `program-missing` if the system can't tell processes apart: none would count as alive then */
export function thisProcess(): ProcessIdentity {
  if (self) return self;
  try {
    const start = startOf(process.pid);
    if (start !== undefined) {
      self = { pid: process.pid, start, boot: bootId() };
      return self;
    }
  } catch {
    // There is no ps, or no file handle is left.
  }
  return refuse({
    kind: 'program-missing',
    program: hasProc ? '/proc' : 'ps',
    hint: 'it is what tells a process from a later one with the same number',
  });
}

/** Whether exactly this process still runs, as far as can be told. A zombie does not. */
export function isAlive({ pid, start, boot }: ProcessIdentity): boolean {
  return boot === bootId() && isRunning(pid, start);
}

/** Whether the process `pid` that began at `start` still runs. True if that can't be told. */
export function isRunning(pid: number, start: string): boolean {
  try {
    return startOf(pid) === start;
  } catch {
    return true; // All file handles may be in use: that does not mean that it has ended.
  }
}

/**
 * When `pid` started, in the form of {@link ProcessIdentity}; `undefined` if no such process runs.
 * @throws the system's error if that can't be told
 */
export function startOf(pid: number): string | undefined {
  return hasProc ? statOf(pid)?.start : psTable().get(pid)?.start;
}

/** The name of `pid`'s program as the kernel has it, e.g. `sshd`, `tmux: client`. */
export function commandOf(pid: number): string | undefined {
  try {
    return hasProc ? statOf(pid)?.command : psTable().get(pid)?.command;
  } catch {
    return undefined;
  }
}

/** The words that `pid` was started with, separated by single spaces; empty if it has ended. */
export function commandLineOf(pid: number): string {
  try {
    if (hasProc) return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trimEnd();
    return ps(['-o', 'args=', '-p', String(pid)]).trim();
  } catch {
    return ''; // It has ended meanwhile.
  }
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** Seconds since boot, including time asleep, whatever anybody sets the wall clock to. */
export function uptime(): number {
  try {
    return Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
  } catch {
    return secondsUp();
  }
}

/**
 * Text that tells this machine from others that share the same home folder. A system that reads processes in another
 * way counts as another machine: neither could say whether the other's processes live.
 */
export function machineName(): string {
  let id = '';
  try {
    id = readFileSync('/etc/machine-id', 'latin1').trim();
  } catch {
    // macOS has none; the host name has to do.
  }
  return `${id}@${hostname()}${process.platform === 'linux' && !hasProc ? ' without /proc' : ''}`;
}

function statOf(pid: number): { command: string; start: string } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined; // ESRCH: it ended during the read.
    throw error;
  }
  const close = stat.lastIndexOf(')');
  const [state = '', ...rest] = stat.slice(close + 2).split(' ');
  const start = rest[18];
  if (start === undefined || state === 'Z' || state === 'X') return undefined;
  return { command: stat.slice(stat.indexOf('(') + 1, close), start };
}
