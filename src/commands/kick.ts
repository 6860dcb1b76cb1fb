import type { Describe } from '../options/command.ts';
import { addLive, type LiveOptions, type Target, targetOf } from '../options/live.ts';
import type { Terminal } from '../ui/terminal.ts';
import { carryOut } from './select-pairing.ts';

export const kick: Describe = (program, { run }) => {
  addLive(program, 'kick <guest>', 'put a guest out, for good').action(
    (guest: string, options: LiveOptions) =>
      run(options, (terminal) => kickCommand({ ...targetOf(options), guest }, terminal)),
  );
};

/** Puts a guest out, for good. @returns the exit code; @throws Refusal */
export function kickCommand(
  intent: Target & { readonly guest: string },
  terminal: Terminal,
): Promise<number> {
  return carryOut(intent, { op: 'kick', guest: intent.guest }, terminal, () => `${intent.guest} is out`);
}
