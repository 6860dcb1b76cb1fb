/**
 * Guests of the machine's sshd whose connection did not reach the gate while a pairing lives: start-up files may act on
 * conditions that no trial has met.
 */
import { readlinkSync } from 'node:fs';
import type { ShellBlock } from '../domain/shell-block.ts';
import { rawTerminals } from '../entrance/raw-terminals.ts';
import { blockOf } from '../entrance/shell-probe.ts';
import { lookForStrays, strayLogins } from '../lease/behind.ts';
import { hasProc } from '../lease/process.ts';
import type { TableRow } from '../lease/process-row.ts';
import { loginEnvironment } from '../shell/login-environment.ts';
import { loginShell } from '../shell/shell.ts';
import { thisAccount } from '../system/account.ts';
import { deferred } from '../system/deferred.ts';
import { signalProcess } from '../system/signal.ts';
import type { Live } from './live.ts';

/** In ms: how often to look. */
const every = 1000;
/**
 * In seconds: how long a shell may take if its terminal is still as sshd made it, and if a program has it to itself.
 */
const [most, raw] = [15, 1.5];

export interface Strays {
  /** Resolves with the first: from then on it is known that not all guests reach the gate. */
  readonly found: Promise<ShellBlock>;
  /** Ends those that exist now, once that is known in another way. */
  end(): void;
  stop(): void;
}

/** Ends such connections, and notes in the roster whose they were. */
export function watchStrays({ lease, door, roster }: Live): Strays {
  const found = deferred<ShellBlock>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const lookNow = lookForStrays(lease.folder);
  /** Processes whose terminal a program had to itself at the last look. */
  let suspects: ReadonlySet<number> = new Set();

  const look = async (): Promise<void> => {
    const [strays = [], late = []] = lookNow(raw, most);
    if (late.length > 0) return end(late, 'late');
    if (strays.length === 0) {
      suspects = new Set();
      return;
    }
    const terminals = strays.map((row) => [row.pid, terminalOf(row)] as const);
    const taken = await rawTerminals([...new Set(terminals.map(([, terminal]) => terminal))]);
    const now = new Set(terminals.flatMap(([pid, terminal]) => (taken.includes(terminal) ? [pid] : [])));
    if ([...now].some((pid) => suspects.has(pid))) return end(strays, 'terminal');
    suspects = now;
  };
  const end = (strays: readonly TableRow[], outcome: 'late' | 'terminal'): void => {
    for (const { label, seconds } of strayLogins(lease.folder, strays)) {
      roster.noteAstray(label, seconds);
    }
    for (const { pid } of strays) signalProcess(pid, 'SIGKILL');
    const { path: shell } = loginShell();
    found.resolve(blockOf(shell, loginEnvironment({ ...thisAccount(), shell }, undefined), outcome));
  };
  const lookAndGoOn = async (): Promise<void> => {
    await look().catch(() => {}); // All file handles may be in use: the next look will do.
    if (!stopped) tick();
  };
  const tick = (): void => {
    timer = setTimeout(() => void lookAndGoOn(), every);
    timer.unref();
  };
  const isWatching = hasProc && door?.kind === 'system';
  if (isWatching) tick();
  return {
    found: found.promise,
    end: () => {
      const [strays = []] = isWatching ? lookNow(raw) : [];
      if (strays.length > 0) end(strays, 'terminal');
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function terminalOf({ pid }: TableRow): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`);
  } catch {
    return '';
  }
}
