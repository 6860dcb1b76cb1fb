import { parseDuration } from '../domain/duration.ts';
import type { Describe } from '../options/command.ts';
import { addLive, type LiveOptions, type Target, targetOf } from '../options/live.ts';
import { endOf } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { carryOut } from './select-pairing.ts';

export const extend: Describe = (program, { run }) => {
  addLive(program, 'extend <duration>', 'move the end').action((duration: string, options: LiveOptions) =>
    run(options, (terminal) =>
      extendCommand({ ...targetOf(options), seconds: parseDuration(duration, 'extend') }, terminal),
    ),
  );
};

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
