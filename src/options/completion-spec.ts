/** What the command line takes, for completion: read from the commands themselves, so nothing is said twice. */
import type { Command, Option } from 'commander';
import type { CommandSpec, OptionSpec, Values } from '../ui/completion/spec.ts';

/** The commands, the default one first, whose name is empty. */
export function specOf(program: Command): CommandSpec[] {
  const commands = program.createHelp().visibleCommands(program);
  return [specOfOne(program, ''), ...commands.map((command) => specOfOne(command, command.name()))];
}

function specOfOne(command: Command, name: string): CommandSpec {
  const options = command.createHelp().visibleOptions(command);
  return {
    name,
    description: command.description(),
    options: options.map(specOfOption),
    operands: command.registeredArguments.map((argument) => ({
      values: valuesOf(argument.variadic ? 'guests' : argument.name()),
      repeats: argument.variadic,
    })),
  };
}

function specOfOption(option: Option): OptionSpec {
  const [, placeholder] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? [];
  return {
    flags: [option.short, option.long].flatMap((flag) => flag ?? []),
    description: option.description,
    ...(placeholder === undefined || !option.required ? {} : { values: valuesOf(placeholder) }),
  };
}

/** What may take the place of a placeholder in the help: `<duration>`, `<ro|rw>`. */
function valuesOf(placeholder: string): Values {
  if (placeholder.includes('|')) return { kind: 'words', words: placeholder.split('|') };
  switch (placeholder) {
    case 'duration':
      return { kind: 'words', words: ['30m', '1h', '2h', '4h'] };
    case 'file':
    case 'path':
      return { kind: 'files' };
    case 'id':
      return { kind: 'names', of: 'pairings' };
    case 'guest':
      return { kind: 'names', of: 'guests' };
    case 'guests':
      return { kind: 'names', of: 'known' };
    default:
      return { kind: 'any' };
  }
}
