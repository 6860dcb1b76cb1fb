/** What there is to complete, in the form from which the scripts are made. */

/** What may take a place. `known` are former guests; a key file is as good. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'names'; readonly of: 'guests' | 'pairings' | 'known' }
  | { readonly kind: 'files' | 'any' };

export interface OptionSpec {
  readonly flags: readonly string[];
  readonly description: string;
  /** Absent if it takes none. */
  readonly values?: Values;
}

export interface OperandSpec {
  readonly values: Values;
  readonly repeats: boolean;
}

export interface CommandSpec {
  /** Empty for the default command, which comes first. */
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly operands: readonly OperandSpec[];
}

/** The names of all commands that have one. */
export function namesOf(commands: readonly CommandSpec[]): string[] {
  return commands.flatMap(({ name }) => (name === '' ? [] : [name]));
}

/** Patterns `COMMAND:FLAG` of every option that takes a value, by what the script does to complete it. */
export function valuePatterns(
  commands: readonly CommandSpec[],
  action: (values: Values) => string,
): Map<string, string[]> {
  const patterns = new Map<string, string[]>();
  for (const { name, options } of commands) {
    for (const { flags, values } of options) {
      if (!values) continue;
      const mine = flags.map((flag) => `${name}:${flag}`);
      patterns.set(action(values), [...(patterns.get(action(values)) ?? []), ...mine]);
    }
  }
  return patterns;
}
