import type { Terminal } from '../ui/terminal.ts';
import { carryOut, type Target } from './reach.ts';

/** Ends a pairing now; its host keeps their session. @returns the exit code; @throws Refusal */
export function stopCommand(target: Target, terminal: Terminal): Promise<number> {
  return carryOut(target, { op: 'stop' }, terminal, ({ id }) => `${id} is over: access is revoked`);
}
