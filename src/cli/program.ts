/** The program with its commands. */
import { Command, type Option } from 'commander';
import { pair } from '../commands/pair.ts';
import { version } from '../domain/version.ts';
import { type CommandContext, hidden } from '../options/command.ts';
import { guestAttributes } from '../options/guests.ts';
import { openTerminal } from '../ui/terminal.ts';
import { takeSources } from './sources.ts';

/**
 * The program, with as much of it as these words need.
 * @param inRoom the words after `--`
 */
export async function programFor(
  words: readonly string[],
  inRoom: readonly string[],
  context: CommandContext,
  forPairing: CommandContext,
): Promise<Command> {
  const alone = () => addNegations(pairProgram(inRoom, forPairing));
  const whole = async () => describeCommands(alone(), context);
  const program = words.some(mayNameCommand) ? await whole() : alone();
  const allOptions = async (): Promise<Option[]> => {
    const described = await whole();
    return [described, ...shownCommands(described)].flatMap((command) => command.options);
  };
  program.hook('preSubcommand', inherit);
  program.hook('preAction', async (_, command) => {
    // What the program runs for itself already has all of its options.
    if (command !== program && !shownCommands(program).includes(command)) return;
    if (command.getOptionValue('lease') !== undefined) return;
    await takeSources(command, allOptions, process.env, command === program ? [] : guestAttributes);
  });
  return program;
}

/**
 * Whether the word may be a command's name, or asks for help. If none may, the commands are not described, which saves
 * a pairing's start some ms.
 */
function mayNameCommand(word: string): boolean {
  return /^(?:[a-z][a-z-]*|-[a-z]*h|--help)$/.test(word);
}

async function describeCommands(program: Command, context: CommandContext): Promise<Command> {
  const { commands } = await import('../commands/all.ts');
  for (const describe of commands) describe(program, context);
  for (const command of shownCommands(program)) addNegations(command);
  return program;
}

function pairProgram(inRoom: readonly string[], context: CommandContext): Command {
  const program = new Command('tmuxpair')
    .description(
      'Lets a guest into one tmux session of yours over SSH, and takes the access back when it ends.',
    )
    .usage('[options] [guest…] [-- command…]')
    .argument('[guest...]', '@octocat (GitHub), gitlab:bob, or a file of public keys')
    .version(`tmuxpair ${version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => openTerminal({ quiet: false, debug: false, json: false }).data(text.trimEnd()),
      writeErr: () => {},
    });
  pair(program, context, inRoom);
  return program;
}

function shownCommands(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program);
}

/** Adds `--no-read-only` and so on, which take back what the environment or an earlier word has set. */
function addNegations(command: Command): Command {
  for (const { long, hidden: isHidden } of [...command.options]) {
    if (long && !isHidden && long !== '--version') command.addOption(hidden(long.replace('--', '--no-')));
  }
  return command;
}

/**
 * Gives a command the options in front of its name: `tmuxpair --offline keys @ada`. Those that name guests are not
 * inherited: TMUXPAIR_GITHUB must never add a guest to forget.
 */
function inherit(program: Command, command: Command): void {
  const taken = command.options.map((option) => option.attributeName());
  for (const [name, value] of Object.entries(program.opts())) {
    if (taken.includes(name) && !guestAttributes.includes(name)) command.setOptionValue(name, value);
  }
}
