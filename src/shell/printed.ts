/** What a shell is told to read by commands that print it. */
import { basename } from 'node:path';
import { bare } from './harmless.ts';
import { type Dialect, lex } from './shell-lines.ts';
import { variableOf } from './shell-paths.ts';
import { type SimpleCommand, walk } from './shell-walk.ts';

/** They print the files that they are given, or parts of them. */
const printers = /^(cat|tac|head|tail|sed|[efz]?grep|cut|[gm]?awk|sort|uniq|tr|bat)$/;
/** They print whole files. */
const whole = /^(cat|tac)$/;

export interface Printed {
  /** As they are written. Of those that are no path, `isWhole` marks those that are files all the same. */
  readonly files: readonly { readonly word: string; readonly isWhole: boolean }[];
  /** Commands that print something of their own. */
  readonly others: readonly SimpleCommand[];
}

export function printedBy(commands: readonly SimpleCommand[]): Printed {
  const isPrinter = ({ words: [name = ''] }: SimpleCommand): boolean => printers.test(basename(name));
  const files = commands
    .filter(isPrinter)
    .flatMap(({ words: [name = '', ...args] }) =>
      args
        .filter((arg) => !arg.startsWith('-'))
        .map((word) => ({ word, isWhole: whole.test(basename(name)) })),
    );
  return { files, others: commands.filter((command) => !isPrinter(command)) };
}

/**
 * The commands whose output this one has the shell read as its own, if it does: each list is a pipeline, or comes from
 * one word.
 * @param all the file's commands; this one, or what it is part of, is at `at`
 * @param computed variables that hold what was printed, with the words that printed it
 */
export function printingsFor(
  command: SimpleCommand,
  { all, at }: { readonly all: readonly SimpleCommand[]; readonly at: number },
  dialect: Dialect,
  computed: ReadonlyMap<string, string>,
): (readonly SimpleCommand[])[] {
  const [name = '', ...args] = bare(command.words);
  const isSource = name === '.' || name === 'source';
  if (name !== 'eval' && !isSource) return [];
  const variable = args.length === 1 ? computed.get(variableOf(args[0] ?? '')) : undefined;
  const printings = substituted(variable ?? args.join(' '), dialect).map((code) => {
    const [, file] = /^\s*<\s*["']?([^\s"'<>|&;]+)["']?\s*$/.exec(code) ?? []; // $(<FILE)
    if (file !== undefined) return [{ ...command, words: ['cat', file] }];
    return walk(code, dialect, command.reach, true).map((one) => ({ ...one, line: command.line }));
  });
  if (!isSource || !command.isFed) return printings;
  let since = at - 1;
  while (since > 0 && all[since]?.isFed) since -= 1;
  return [...printings, all.slice(Math.max(0, since), at)];
}

/** The code that runs to make words, as in `"$(a)" <(b)`. */
function substituted(text: string, dialect: Dialect): string[] {
  return lex(text, dialect).tokens.flatMap((token) => (token.kind === 'word' ? token.inner : []));
}
