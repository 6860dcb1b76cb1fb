import { shQuote } from '../../domain/sh-word.ts';
import { type CommandSpec, namesOf, type OptionSpec, type Values, valuePatterns } from './spec.ts';

export function fish(commands: readonly CommandSpec[]): string {
  const patterns = [...valuePatterns(commands, () => '').values()].flat();
  return `# fish completion for tmuxpair: tmuxpair completion fish | source
function __tmuxpair_at --description 'CMD [N]: whether that is the command (- for none), with N operands'
  set -l cmd
  set -l n 0
  set -l skip no
  for word in (commandline -opc)[2..]
    if test $skip = yes
      set skip no
      continue
    end
    switch "$cmd:$word"
      case ${patterns.join(' ')}
        set skip yes
      case '*:-*'
      case ${namesOf(commands)
        .map((name) => `:${name}`)
        .join(' ')}
        if test $n = 0
          set cmd $word
        else
          set n (math $n + 1)
        end
      case '*'
        set n (math $n + 1)
    end
  end
  test "$cmd" = (string replace -r '^-$' '' -- $argv[1]); or return 1
  test (count $argv) = 1; or test $n = $argv[2]
end
complete -c tmuxpair -f
${commands
  .slice(1)
  .map(({ name, description }) => `complete -c tmuxpair ${at('', 0)} -a ${name} -d ${shQuote(description)}`)
  .join('\n')}
${commands.flatMap((command) => [...command.options.map(option(command)), ...operands(command)]).join('\n')}`;
}

function option({ name }: CommandSpec): (option: OptionSpec) => string {
  return ({ flags, description, values }) => {
    const words = flags.map((flag) =>
      flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
    );
    const takes = !values ? '' : values.kind === 'files' ? ' -r -F' : ` -x${offers(values)}`;
    return `complete -c tmuxpair ${at(name)} ${words.join(' ')} -d ${shQuote(description)}${takes}`;
  };
}

function operands({ name, operands: all }: CommandSpec): string[] {
  return all.map(({ values, repeats }, index) => {
    const files = values.kind === 'files' || (values.kind === 'names' && values.of === 'known');
    return `complete -c tmuxpair ${at(name, repeats ? undefined : index)}${files ? ' -F' : ''}${offers(values)}`;
  });
}

function at(name: string, operands?: number): string {
  return `-n '__tmuxpair_at ${name || '-'}${operands === undefined ? '' : ` ${operands}`}'`;
}

function offers(values: Values): string {
  switch (values.kind) {
    case 'words':
      return ` -a ${shQuote(values.words.join(' '))}`;
    case 'names':
      return ` -a '(command tmuxpair complete ${values.of} 2>/dev/null)'`;
    case 'files':
    case 'any':
      return '';
  }
}
