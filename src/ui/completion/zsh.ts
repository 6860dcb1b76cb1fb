import { shQuote } from '../../domain/sh-word.ts';
import {
  type CommandSpec,
  namesOf,
  type OperandSpec,
  type OptionSpec,
  type Values,
  valuePatterns,
} from './spec.ts';

/** To be sourced, or put as `_tmuxpair` into a folder of `fpath`. */
export function zsh(commands: readonly CommandSpec[]): string {
  const values = [...valuePatterns(commands, action)];
  return `#compdef tmuxpair
# zsh completion for tmuxpair: source <(tmuxpair completion zsh)
_tmuxpair() {
  local cmd= last= word= i n=0
  local -a list
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i] last=$word
    case $cmd:$word in
      (${values.flatMap(([, patterns]) => patterns).join('|')})
        i=$((i + 1))
        ((i == CURRENT)) || last= ;;
      (*:-*) ;;
      (${namesOf(commands)
        .map((name) => `:${name}`)
        .join('|')})
        if ((n == 0)); then cmd=$word; else n=$((n + 1)); fi ;;
      (*) n=$((n + 1)) ;;
    esac
  done
  case $cmd:$last in
${values.map(([act, patterns]) => `    (${patterns.join('|')}) ${act}; return ;;`).join('\n')}
  esac
  case $cmd:$n:$PREFIX in
${commands.flatMap(arms(commands)).join('\n')}
  esac
}
if [[ $funcstack[1] == _tmuxpair ]]; then _tmuxpair "$@"; else compdef _tmuxpair tmuxpair; fi`;
}

function arms(commands: readonly CommandSpec[]): (command: CommandSpec) => string[] {
  const all = commands.slice(1).map(({ name, description }) => described(name, description));
  return ({ name, options, operands }) => {
    const first =
      name === '' && operands[0]
        ? [`    (:0:*) list=(${all.join(' ')}); _describe command list; ${action(operands[0].values)} ;;`]
        : [];
    const arm = ({ values, repeats }: OperandSpec, index: number): string =>
      `    (${name}:${repeats ? '*' : index}:*) ${action(values)} ;;`;
    return [
      `    (${name}:*:-*) list=(${options.flatMap(flags).join(' ')}); _describe -o option list ;;`,
      ...first,
      ...operands.map(arm),
    ];
  };
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `compadd -- ${values.words.join(' ')}`;
    case 'names': {
      const add = `compadd -- \${(f)"$(command tmuxpair complete ${values.of} 2>/dev/null)"}`;
      return values.of === 'known' ? `${add}; _files` : add;
    }
    case 'files':
      return '_files';
    case 'any':
      return ':';
  }
}

function flags({ flags: all, description }: OptionSpec): string[] {
  return all.map((flag) => described(flag, description));
}

function described(word: string, description: string): string {
  return shQuote(`${word.replaceAll(':', '\\:')}:${description}`);
}
