/** What commands are built from, and the options that all of them take. */
import { type Command, Option } from 'commander';
import type { Terminal } from '../ui/terminal.ts';

/** The options of every command. */
export interface Common {
  readonly quiet?: boolean;
  readonly debug?: boolean;
  readonly json?: boolean;
}

/** What a command gets from the program around it. */
export interface CommandContext {
  /** Runs a command's work with a terminal to print to, and keeps the exit code that it gives. */
  readonly run: (options: Common, work: (terminal: Terminal) => Promise<number>) => Promise<void>;
  /** The command that runs this program. */
  readonly self: readonly string[];
}

/** Adds a command to the program: its options, and what it does. */
export type Describe = (program: Command, context: CommandContext) => void;

export function addCommon(command: Command): Command {
  return command
    .helpOption('-h, --help', 'print this help')
    .option('-q, --quiet', 'print warnings and errors only')
    .option('--debug', 'tell everything that happens, and where a bug came from');
}

/** An option that help does not show and that the environment does not set. */
export function hidden(flags: string): Option {
  return new Option(flags).hideHelp();
}

/** An option that may be given several times; all of them count. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before?: readonly string[] | false) => [
    ...(before || []),
    value,
  ]);
}
