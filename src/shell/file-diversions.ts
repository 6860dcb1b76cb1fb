/** What one start-up file has that may give a guest's terminal away, and what else it leads to. */
import { join } from 'node:path';
import { endsIn, type ObeyingSpot, obeyingIn, type Spot } from './guest-conditions.ts';
import { asksForSettings, bare, harmfulIn, isBuiltin, takerIn } from './harmless.ts';
import { printedBy, printingsFor } from './printed.ts';
import type { Call } from './programs.ts';
import { reaches } from './reach.ts';
import { type Dialect, dialectOf } from './shell-lines.ts';
import { braces, foldersIn, pathOf, variableOf } from './shell-paths.ts';
import { type SimpleCommand, walk } from './shell-walk.ts';
import { valueIn } from './start-up.ts';
import { unfold } from './unfold.ts';

/** A file that is read, too, or a pattern of such files. */
interface Sourced {
  readonly word: string;
  readonly isAlways: boolean;
  /** The shell that reads it, if it is another one. */
  readonly shell?: string;
}

/** A program that is run, and where. */
export interface Called extends Spot, Call {
  /** Its path, or a name to look up. */
  readonly name: string;
  readonly isAlways: boolean;
}

/** Terminals: a shell that reads there reads what is typed there. */
const isTerminal = /^\/dev\/(console|pts\/|tty)/;

/**
 * The pure part, for one file of a shell of that name. What always runs has been tried, except for programs that may do
 * something else another time. What only runs at times counts, unless it is known to do no harm.
 * @param isAlways whether that file is read whenever a shell starts
 * @param isGuests whether a guest's ssh sets a variable of that name
 */
export function diversionsIn(
  text: string,
  shell: string,
  environment: readonly string[] = [],
  isAlways = true,
  isGuests: (name: string) => boolean = () => false,
): {
  readonly diversions: Spot[];
  readonly ends: Spot[];
  readonly obeying: ObeyingSpot[];
  readonly sourced: Sourced[];
  readonly called: Called[];
  /** Folders that programs may be in. */
  readonly folders: string[];
} {
  const dialect = dialectOf(shell);
  const diversions: Spot[] = [];
  const sourced: Sourced[] = [];
  const functions = new Set(
    [...text.matchAll(/^\s*(?:function\s+([\w:.-]+)|([\w:.-]+)\s*\(\s*\))/gm)].flatMap(
      ([, one, other]) => one ?? other ?? [],
    ),
  );
  /** What variables were given before, if that is plain. */
  const given = [...environment];
  /** Variables that stand for one file after the other of a list that is looked into. */
  const lists = new Set<string>();
  /** Variables that hold what a command has printed, and the words that ran it. */
  const computed = new Map<string, string>();
  const called: Called[] = [];
  const folders: string[] = [];
  const isFollowed = (word: string): boolean => {
    const path = pathOf(word, given);
    return path === undefined ? lists.has(variableOf(word)) : !isTerminal.test(path);
  };
  const commands = walk(text, dialect, isAlways ? reaches.always : reaches.atTimes);
  const harmfulOf = (command: SimpleCommand): string | undefined =>
    harmfulIn([command], dialect, functions, isFollowed, computed)[0];
  const tell = (line: number, command: string): void => {
    if (diversions.some((one) => one.line === line)) return;
    diversions.push({ line, command: command.trim().slice(0, 40) });
  };
  const call = (command: SimpleCommand, isEvaluated: boolean): void => {
    const words = bare(command.words);
    const [word = ''] = words;
    if (command.reach === reaches.never || word === '' || isBuiltin(word) || functions.has(word)) return;
    called.push({
      name: pathOf(word, given) ?? word,
      isAlways: command.reach >= reaches.byFile,
      line: command.line,
      command: command.words.join(' ').slice(0, 40),
      isKnown: harmfulOf(command) === undefined,
      asksForSettings: asksForSettings(words),
      isEvaluated,
    });
  };
  /** What these print, the shell reads as commands of its own. */
  const evaluate = (printing: readonly SimpleCommand[], { line, reach, words }: SimpleCommand): void => {
    const { files, others } = printedBy(printing);
    for (const { word, isWhole } of files) {
      if (isWhole && !isFollowed(word)) tell(line, words.join(' '));
      sourced.push({ word: pathOf(word, given) ?? word, isAlways: reach >= reaches.byFile });
    }
    for (const other of others) call(other, true);
  };
  for (const [at, whole] of commands.entries()) {
    const { words, reach, line } = whole;
    if (reach === reaches.never) continue;
    const [name = '', ...args] = words;
    const isSure = reach >= reaches.byFile;
    // for f in ~/.bashrc.d/*; do . "$f"; done
    if (/^(for|foreach|select)$/.test(name)) {
      const list = listOf(args, dialect);
      sourced.push(
        ...list.flatMap(braces).map((one) => ({ word: pathOf(one, given) ?? one, isAlways: isSure })),
      );
      if (list.every((one) => pathOf(one, given) !== undefined)) lists.add(args[0] ?? '');
      continue;
    }
    const unfolded = unfold(whole, dialect, computed);
    for (const { file, shell: reader } of unfolded.scripts) {
      if (!isFollowed(file)) tell(line, words.join(' '));
      sourced.push({ word: pathOf(file, given) ?? file, isAlways: isSure, shell: reader });
    }
    for (const command of unfolded.commands) {
      if (command.reach === reaches.never) continue;
      const [first = '', ...rest] = bare(command.words);
      const isSource = first === '.' || first === 'source';
      const isUnknown =
        !first.startsWith('(') && /^[^=]*[$`/][^=]*$/.test(first) && pathOf(first, given) === undefined;
      const counts = command.reach < reaches.always || first === 'trap' || isSource || isUnknown;
      const told = takerIn(command) ?? (counts ? harmfulOf(command) : undefined);
      if (told !== undefined) tell(line, told);
      call(command, false);
      const [file] = rest.filter((arg) => !arg.startsWith('-'));
      if (isSource && file !== undefined)
        sourced.push({ word: pathOf(file, given) ?? file, isAlways: isSure });
      for (const printing of printingsFor(command, { all: commands, at }, dialect, computed))
        evaluate(printing, command);
    }
    for (const word of [...whole.assigned, ...args]) {
      const [, variable = '', value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
      if (/^(\$\(|`)/.test(value)) computed.set(variable, value);
      const path = /^[\w./~${}:-]+$/.test(value) ? pathOf(value, given) : undefined;
      if (path !== undefined) given.push(`${variable}=${path}`);
    }
    folders.push(...foldersIn([...whole.assigned, ...words], given));
  }
  const folder = valueIn(given, 'ZDOTDIR');
  if (shell === 'zsh' && folder !== undefined && folder !== valueIn(environment, 'ZDOTDIR'))
    sourced.push({ word: join(folder, '.zshenv'), isAlways: true });
  const ends = dialect === 'sh' ? endsIn(text, commands, isAlways, isGuests) : [];
  return { diversions, ends, obeying: obeyingIn(text, shell, commands, isGuests), sourced, called, folders };
}

/** What a loop goes through, from the words after `for`. */
function listOf([, ...words]: readonly string[], dialect: Dialect): string[] {
  if (dialect !== 'csh') return words[0] === 'in' ? words.slice(1) : [];
  const [, list = ''] = /^\(\s*(?:`\s*(?:\/bin\/)?ls\s)?([^)`]*)/.exec(words[0] ?? '') ?? [];
  return list.trim() === '' ? [] : list.trim().split(/\s+/);
}
