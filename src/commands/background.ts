import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { WireGuest } from '../control/wire.ts';
import type { PairIntent } from '../domain/intent.ts';
import type { PairingContext } from '../pairing/context.ts';
import { Stopped } from '../pairing/stop.ts';
import { output, type Terminal } from '../ui/terminal.ts';
import { exitCodeOf } from './signal-exit.ts';

/** What a supervisor in the background reads from its standard input. */
export interface Orders {
  readonly intent: PairIntent;
  readonly guests: readonly WireGuest[];
  readonly size: PairingContext['size'];
}

/** What the supervisor writes to both of its outputs once its pairing is live; nothing printable. */
export const liveMark = '\0';

/**
 * Starts a supervisor in a session of its own, and passes on its output until its pairing is live.
 * @returns 0 once it is live, else the supervisor's exit code
 */
export async function startSupervisor(
  orders: Orders,
  terminal: Terminal,
  self: readonly string[],
  stop: AbortSignal,
): Promise<number> {
  stop.throwIfAborted();
  const [program = '', ...args] = self;
  const manners = terminal.mannersAsOptions();
  const child = spawn(program, [...args, 'supervise', ...manners], { detached: true, stdio: 'pipe' });
  const pass = (): void => {
    if (stop.reason instanceof Stopped) child.kill(stop.reason.signal);
  };
  stop.addEventListener('abort', pass);
  child.stdin.on('error', () => {}); // It has ended; that is reported below.
  child.stdin.end(JSON.stringify(orders));
  const live = Promise.all([
    untilLive(child.stdout, output('stdout')),
    untilLive(child.stderr, output('stderr')),
  ]);
  const ended = once(child, 'close').then(([code, signal]) => code ?? exitCodeOf(signal));
  // A signal that was passed on ends it, even if it went live in the same instant.
  const exit = await Promise.race([live.then(() => (stop.aborted ? ended : 0)), ended]);
  stop.removeEventListener('abort', pass);
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  return exit;
}

/** Passes on everything up to the mark, and then resolves. */
function untilLive(from: Readable, to: Writable): Promise<void> {
  return new Promise((resolve) => {
    from.on('data', (data: Buffer) => {
      const end = data.indexOf(liveMark);
      to.write(end === -1 ? data : data.subarray(0, end));
      if (end !== -1) resolve();
    });
  });
}
