import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from a later one with the same number by when it started and in which boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** On Linux, clock ticks since boot (proc(5), stat field 22); elsewhere `ps -o lstart=`, blanks as `_`. */
  readonly start: string;
  /** The boot's id; empty where the system has none. */
  readonly boot: string;
}

export const hasProc = process.platform === 'linux';

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, start: startOf(process.pid) ?? '', boot: bootId() };
}

/** Whether exactly this process still runs. A zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.boot === bootId() && startOf(identity.pid) === identity.start;
}

/** When `pid` started, in the form of {@link ProcessIdentity}, or `undefined` where no such process runs. */
export function startOf(pid: number): string | undefined {
  return hasProc ? statOf(pid)?.start : psOf(pid, 'lstart')?.replaceAll(/\s+/g, '_');
}

/** The name of `pid`'s program as the kernel has it, e.g. `sshd`, `tmux: client`. */
export function commandOf(pid: number): string | undefined {
  return hasProc ? statOf(pid)?.command : psOf(pid, 'comm');
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** Seconds since boot, time asleep included. Where the system does not say, since the epoch. */
export function uptime(): number {
  try {
    return Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
  } catch {
    return Date.now() / 1000;
  }
}

/** Text that tells this machine from others that share the same home folder. */
export function machineName(): string {
  let id = '';
  try {
    id = readFileSync('/etc/machine-id', 'latin1').trim();
  } catch {
    // macOS has none; the host name has to do.
  }
  return `${id}@${hostname()}`;
}

function statOf(pid: number): { command: string; start: string } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const close = stat.lastIndexOf(')');
  const [state = '', ...rest] = stat.slice(close + 2).split(' ');
  const start = rest[18];
  if (start === undefined || state === 'Z' || state === 'X') return undefined;
  return { command: stat.slice(stat.indexOf('(') + 1, close), start };
}

function psOf(pid: number, column: 'lstart' | 'comm'): string | undefined {
  try {
    const [state = '', value = ''] = execFileSync(
      'ps',
      ['-o', 'state=', '-o', `${column}=`, '-p', String(pid)],
      {
        encoding: 'latin1',
        env: { ...process.env, LC_ALL: 'C' },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
      .trim()
      .split(/\s+(.*)/s);
    return state.startsWith('Z') ? undefined : value.trim();
  } catch {
    return undefined;
  }
}
