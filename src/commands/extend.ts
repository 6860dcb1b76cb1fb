import { endOf } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { carryOut, type Target } from './reach.ts';

/** Moves the end of a pairing. @param intent.seconds added to what is left. @returns the exit code; @throws Refusal */
export function extendCommand(
  intent: Target & { readonly seconds: number },
  terminal: Terminal,
): Promise<number> {
  return carryOut(
    intent,
    { op: 'extend', seconds: intent.seconds },
    terminal,
    (pairing) => `ends ${endOf(pairing)}`,
  );
}
