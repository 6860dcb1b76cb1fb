import { type CommandSpec, namesOf, type OperandSpec, type Values, valuePatterns } from './spec.ts';

/**
 * For bash 3.2 and newer. Splits words at blanks, since readline splits its own at `@` and `:`, too. Does not give
 * names to `compgen -W`, which expands what it is given.
 */
export function bash(commands: readonly CommandSpec[]): string {
  const values = [...valuePatterns(commands, action)];
  return `# bash completion for tmuxpair: source <(tmuxpair completion bash)
_tmuxpair_take() {
  local name
  while IFS= read -r name; do
    [[ $name != "$cur"* ]] || COMPREPLY+=("$name")
  done
}
_tmuxpair() {
  local line=\${COMP_LINE:0:COMP_POINT} cur= last= cmd= word= i n=0
  local -a words=()
  read -ra words <<<"$line"
  if [[ $line != *[[:space:]] ]]; then
    cur=\${words[\${#words[@]} - 1]}
    unset "words[\${#words[@]} - 1]"
  fi
  for ((i = 1; i < \${#words[@]}; i++)); do
    word=\${words[i]} last=$word
    case $cmd:$word in
      ${values.flatMap(([, patterns]) => patterns).join('|')})
        i=$((i + 1))
        ((i == \${#words[@]})) || last= ;;
      *:-*) ;;
      ${namesOf(commands)
        .map((name) => `:${name}`)
        .join('|')})
        if ((n == 0)); then cmd=$word; else n=$((n + 1)); fi ;;
      *) n=$((n + 1)) ;;
    esac
  done
  COMPREPLY=()
  case $cmd:$last in
${values.map(([act, patterns]) => `    ${patterns.join('|')}) ${act}; return ;;`).join('\n')}
  esac
  case $cmd:$n:$cur in
${commands.flatMap(arms(commands)).join('\n')}
  esac
  # What stands before the last of these, readline keeps by itself; an @ it wants back.
  local breaks= kept=
  for i in @ : =; do [[ $COMP_WORDBREAKS != *$i* ]] || breaks+=$i; done
  [[ -z $breaks ]] || kept=\${cur%"\${cur##*[$breaks]}"}
  kept=\${kept%@}
  for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]#"$kept"}; done
}
complete -o default -F _tmuxpair tmuxpair`;
}

function arms(commands: readonly CommandSpec[]): (command: CommandSpec) => string[] {
  return ({ name, options, operands }) => {
    const flags = options.flatMap((option) => option.flags);
    const first =
      name === '' && operands[0]
        ? [`    :0:*) ${words(namesOf(commands))}; ${action(operands[0].values)} ;;`]
        : [];
    const arm = ({ values, repeats }: OperandSpec, index: number): string =>
      `    ${name}:${repeats ? '*' : index}:*) ${action(values)} ;;`;
    return [`    ${name}:*:-*) ${words(flags)} ;;`, ...first, ...operands.map(arm)];
  };
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return words(values.words);
    case 'names':
      return `_tmuxpair_take < <(command tmuxpair complete ${values.of} 2>/dev/null)`;
    case 'files':
    case 'any':
      return ':'; // If nothing is offered, readline offers files.
  }
}

function words(list: readonly string[]): string {
  return `_tmuxpair_take <<<$'${list.join('\\n')}'`;
}
