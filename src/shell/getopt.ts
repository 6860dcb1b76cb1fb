/** The options of a command, as getopt parses them. @param valued letters of options with a value */
export function optionsOf(
  args: readonly string[],
  valued: string,
): { readonly options: readonly string[]; readonly letters: string; readonly rest: readonly string[] } {
  const options: string[] = [];
  let letters = '';
  let at = 0;
  for (; /^-./.test(args[at] ?? '') && args[at] !== '--'; at++) {
    const option = args[at] ?? '';
    options.push(option);
    const value = [...option].findIndex((letter, n) => n > 0 && valued.includes(letter));
    letters += value === -1 ? option.slice(1) : option.slice(1, value + 1);
    if (value === option.length - 1) at += 1;
  }
  return { options, letters, rest: args.slice(args[at] === '--' ? at + 1 : at) };
}
