import { type Names, namesFor } from '../control/known.ts';
import { usage } from '../domain/failure.ts';
import type { Describe } from '../options/command.ts';
import type { Terminal } from '../ui/terminal.ts';

/** For the program's own use: what the scripts of `completion` run. */
export const complete: Describe = (program, { run }) => {
  program
    .command('complete <what>', { hidden: true })
    .action((what: string) => run({}, (terminal) => completeCommand(parseNames(what), terminal)));
};

function parseNames(text: string): Names {
  const names = (['guests', 'pairings', 'known'] as const).find((one) => one === text);
  return names ?? usage(`${JSON.stringify(text.slice(0, 80))} has no names`);
}

/** Prints names for completion, one per line. @returns the exit code */
export async function completeCommand(what: Names, terminal: Terminal): Promise<number> {
  const names = await namesFor(what, process.env);
  if (names.length > 0) terminal.data(names.join('\n'));
  return 0;
}
