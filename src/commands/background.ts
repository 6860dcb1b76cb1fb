import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPairing, preparePremises } from '../session/open.ts';
import { supervise } from '../session/pairing.ts';
import { onStopSignals, Stopped } from '../session/stop.ts';
import { guestsFromWire, type WireGuest } from '../session/wire.ts';
import type { PairIntent, World } from '../session/world.ts';
import { menus } from '../ui/menus.ts';
import { wordsFor } from '../ui/report.ts';
import type { Terminal } from '../ui/terminal.ts';
import { exitCodeOf } from './exit-code.ts';

/** What a supervisor in the background is told on its standard input. */
export interface Orders {
  readonly intent: PairIntent;
  readonly guests: readonly WireGuest[];
  readonly size: World['size'];
}

/** What the supervisor prints once its pairing is live; nothing printable. */
const liveMark = '\0';

/**
 * Starts a supervisor in a session of its own, and passes on what it says until its pairing is live.
 * @returns 0 once it is live, else the exit code that the supervisor ended with
 */
export async function startSupervisor(
  orders: Orders,
  terminal: Terminal,
  self: readonly string[],
  stop: AbortSignal,
): Promise<number> {
  const [program = '', ...args] = self;
  const manners = terminal.mannersAsOptions();
  const child = spawn(program, [...args, 'supervise', ...manners], { detached: true, stdio: 'pipe' });
  stop.addEventListener('abort', () => {
    if (stop.reason instanceof Stopped) child.kill(stop.reason.signal);
  });
  child.stdin.end(JSON.stringify(orders));
  child.stderr.pipe(process.stderr, { end: false });
  const live = untilLive(child);
  const ended = once(child, 'close').then(([code, signal]) => code ?? exitCodeOf(signal));
  const exit = await Promise.race([live, ended]);
  if (exit === 0) await sleep(20); // What it has said on its standard error is on its way.
  child.stdout.destroy();
  child.stderr.unpipe(process.stderr).destroy();
  child.unref();
  return exit;
}

/** Passes the child's output on up to the mark, then resolves with 0. */
function untilLive({ stdout }: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    stdout?.on('data', (data: Buffer) => {
      const end = data.indexOf(liveMark);
      process.stdout.write(end === -1 ? data : data.subarray(0, end));
      if (end !== -1) resolve(0);
    });
  });
}

/**
 * Supervises a pairing in the background, by {@link Orders} on standard input.
 * @returns the exit code, which somebody reads only where the pairing never got live
 * @throws Refusal
 */
export async function superviseCommand(terminal: Terminal, self: readonly string[]): Promise<number> {
  const stop = onStopSignals();
  const { intent, guests, size }: Orders = JSON.parse(await text(process.stdin));
  const emit: World['emit'] = (event) => {
    terminal.event(event);
    if (event.kind === 'invited') process.stdout.write(liveMark);
  };
  const { env } = process;
  const world: World = {
    env,
    cwd: process.cwd(),
    size,
    hasTerminal: false,
    stop,
    emit,
    words: wordsFor,
    menus,
    self,
  };
  try {
    const open = await openPairing(
      intent,
      guestsFromWire(guests),
      await preparePremises(intent, world),
      world,
    );
    const { report, signal } = await supervise(open, intent, world);
    emit({ kind: 'ended', report });
    return signal ? exitCodeOf(signal) : 0;
  } catch (error) {
    if (error instanceof Stopped) return exitCodeOf(error.signal);
    throw error;
  }
}
