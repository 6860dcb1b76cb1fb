import { usage } from '../domain/failure.ts';
import { type PairIntent, pair } from '../session/pairing.ts';
import { onStopSignals, Stopped } from '../session/stop.ts';
import { wordsFor } from '../ui/report.ts';
import type { Terminal } from '../ui/terminal.ts';
import { exitCodeOf } from './exit-code.ts';

/**
 * Runs a pairing in this terminal.
 * @param self the command that runs this program
 * @returns the exit code
 * @throws Refusal
 */
export async function pairCommand(
  intent: PairIntent,
  terminal: Terminal,
  self: readonly string[],
): Promise<number> {
  const stop = onStopSignals();
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    usage(
      'a pairing needs a terminal for you to work in',
      'run it in a terminal, without a pipe or redirection',
    );
  }
  const [columns, rows] = process.stdout.getWindowSize();
  try {
    const { signal } = await pair(intent, {
      env: process.env,
      cwd: process.cwd(),
      size: { columns: columns || 80, rows: rows || 24 },
      stop,
      emit: terminal.event,
      words: wordsFor,
      sweepCommand: [...self, 'sweep', '--lease'],
    });
    return signal ? exitCodeOf(signal) : 0;
  } catch (error) {
    if (error instanceof Stopped) return exitCodeOf(error.signal);
    throw error;
  }
}
