import { type PairIntent, pair, type World } from '../session/pairing.ts';
import { onStopSignals, Stopped } from '../session/stop.ts';
import { askYes } from '../ui/prompt.ts';
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
  try {
    const { signal } = await pair(intent, {
      env: process.env,
      cwd: process.cwd(),
      ...terminalOf(stop),
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

/** What a pairing can use of this terminal; nothing, where it is none. */
function terminalOf(stop: AbortSignal): Pick<World, 'size' | 'ask'> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return {};
  const [columns, rows] = process.stdout.getWindowSize();
  return {
    size: { columns: columns || 80, rows: rows || 24 },
    ask: () => askYes('let them in with the new keys?', stop),
  };
}
