import type { Terminal } from '../ui/terminal.ts';
import { carryOut, type Target } from './reach.ts';

/** Puts a guest out, for good. @returns the exit code; @throws Refusal */
export function kickCommand(
  intent: Target & { readonly guest: string },
  terminal: Terminal,
): Promise<number> {
  return carryOut(intent, { op: 'kick', guest: intent.guest }, terminal, () => `${intent.guest} is out`);
}
