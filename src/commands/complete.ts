import { type Names, namesFor } from '../control/known.ts';
import type { Terminal } from '../ui/terminal.ts';

/** Prints names for completion, a line each. @returns the exit code */
export async function completeCommand(what: Names, terminal: Terminal): Promise<number> {
  const names = await namesFor(what, process.env);
  if (names.length > 0) terminal.data(names.join('\n'));
  return 0;
}
