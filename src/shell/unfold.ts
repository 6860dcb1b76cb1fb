/** A command together with everything that it runs, as far as it is told what to run. */
import { bare } from './harmless.ts';
import { ranBy } from './launchers.ts';
import { type Dialect, dialectOf } from './shell-lines.ts';
import { variableOf } from './shell-paths.ts';
import { type SimpleCommand, walk } from './shell-walk.ts';

interface Unfolded {
  readonly commands: readonly SimpleCommand[];
  /** Files that another shell reads. */
  readonly scripts: readonly { readonly file: string; readonly shell: string }[];
}

/** @param computed variables that hold what a command has printed, which no text tells */
export function unfold(
  command: SimpleCommand,
  dialect: Dialect,
  computed: Pick<ReadonlySet<string>, 'has'>,
): Unfolded {
  const words = bare(command.words);
  const parts = codeOf(words, dialect, computed).map(({ code, dialect: of }) =>
    walk(code, of, command.reach, true).map((one) => ({ ...one, line: command.line, isOwn: false })),
  );
  const commands: SimpleCommand[] = [command];
  const scripts: { file: string; shell: string }[] = [];
  const runs = ranBy(words, command.isFed) ?? [];
  for (const run of runs) {
    if (run.kind === 'command') parts.push([{ ...command, words: run.words, assigned: [] }]);
    if (run.kind === 'script') scripts.push(run);
  }
  for (const part of parts.flat()) {
    const inside = unfold(part, dialect, computed);
    commands.push(...inside.commands);
    scripts.push(...inside.scripts);
  }
  return { commands, scripts };
}

function codeOf(
  words: readonly string[],
  dialect: Dialect,
  computed: Pick<ReadonlySet<string>, 'has'>,
): { readonly code: string; readonly dialect: Dialect }[] {
  const [name = '', ...args] = words;
  const shells = (ranBy(words) ?? []).flatMap((run) =>
    run.kind === 'code' ? [{ code: run.code, dialect: dialectOf(run.shell) }] : [],
  );
  if (name !== 'eval') return shells;
  const [first = ''] = args;
  const code = args.join(' ');
  const isPrinted = /^(\$\(.*\)|`.*`)$/s.test(code) || (args.length === 1 && computed.has(variableOf(first)));
  return isPrinted ? [] : [{ code, dialect }];
}
