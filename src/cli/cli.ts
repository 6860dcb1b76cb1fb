/** argv → one command's work → the exit code. */
import { CommanderError } from 'commander';
import { exitCodeOf } from '../commands/signal-exit.ts';
import { Refusal } from '../domain/failure.ts';
import type { CommandContext } from '../options/command.ts';
import { isSession } from '../options/session-name.ts';
import { Stopped } from '../pairing/stop.ts';
import { settleHome } from '../system/home.ts';
import { settlePath } from '../system/which.ts';
import { openTerminal, type Terminal } from '../ui/terminal.ts';
import { respelt } from './environment.ts';
import { programFor } from './program.ts';

export { printed } from '../ui/terminal.ts';

/** Whether a pairing was run: of all commands it needs the most of the program. */
export const done = { pairing: false };

/**
 * Runs the command line.
 * @param self the command that runs this program
 * @returns the exit code
 */
export async function main(argv: readonly string[], self: readonly string[]): Promise<number> {
  const cut = argv.indexOf('--');
  const [given, inRoom] = cut === -1 ? [argv, []] : [argv.slice(0, cut), argv.slice(cut + 1)];
  let exit = 0;
  let terminal: Terminal | undefined;
  settleHome(process.env);
  settlePath(process.env);
  const run: CommandContext['run'] = async ({ quiet, debug, json }, work) => {
    terminal = openTerminal({ quiet: quiet === true, debug: debug === true, json: json === true });
    exit = await work(terminal);
  };
  const runPairing: CommandContext['run'] = (options, work) => {
    done.pairing = true;
    return run(options, work);
  };
  try {
    const words = given.map(asMeant);
    const program = await programFor(words, inRoom, { run, self }, { run: runPairing, self });
    await program.parseAsync(words, { from: 'user' });
    return exit;
  } catch (error) {
    const say = terminal ?? openTerminal({ quiet: false, debug: argv.includes('--debug'), json: false });
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : say.failure(usageOf(error));
    if (error instanceof Stopped) return exitCodeOf(error.signal);
    return error instanceof Refusal ? say.failure(error.failure) : say.bug(error);
  }
}

/** A word of the command line in today's spelling. What follows `--share` may be a guest instead of a session. */
function asMeant(word: string, index: number, all: readonly string[]): string {
  return word === '--share' && !isSession(all[index + 1] ?? '') ? '--share=' : respelt(word);
}

function usageOf(error: CommanderError): { kind: 'usage'; problem: string; hint?: string } {
  const [problem = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  return { kind: 'usage', problem, ...(suggestion ? { hint: suggestion.replace(/^\(|\)$/g, '') } : {}) };
}
