/**
 * Commands in start-up files that may give a guest's terminal to another program, under conditions that a trial need not
 * meet: found by reading, and so with more than there is.
 */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Obstacle } from '../domain/obstacle.ts';
import { namesIn } from '../system/names-in.ts';
import { isTheirs, type Sources } from './guest-variables.ts';
import { harmfulIn, takerIn } from './harmless.ts';
import { type Dialect, dialectOf, logicalLines } from './shell-lines.ts';
import { reaches, type SimpleCommand, walk } from './shell-walk.ts';
import { plainName, sshrc, startUpOf, valueIn } from './start-up.ts';
import { unquotedFinder } from './unquoted.ts';

export interface Diversion {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Its first words. */
  readonly command: string;
}

/** A file that is read, too, or a pattern of such. */
interface Sourced {
  readonly word: string;
  readonly isAlways: boolean;
}

/** How many files are read, and the size in bytes up to which. */
const [most, longest] = [200, 128 << 10];

/** Where a start-up file may run what a guest's ssh sets. */
interface Obeying extends Omit<Diversion, 'command'> {
  /** As in `$TERM`. */
  readonly variable: string;
}

interface Found {
  readonly diversions: Diversion[];
  /** Where the shell ends, for some guests. */
  readonly ends: Diversion[];
  readonly obeying: Obeying[];
}

/** Those on the path of a login to a command of sshd's. @param sources in what sshd starts it */
function diversionsOf(shell: string, sources: Sources): Found {
  const { entries: environment } = sources;
  const { own, shared } = startUpOf(shell, environment);
  const login = plainName(shell);
  /** By path, which shell reads it, and whether it always does. */
  const files = new Map([
    [sshrc, { reader: 'sh', isAlways: true }],
    ...[...own, ...shared].map((path) => [path, { reader: login, isAlways: true }] as const),
  ]);
  const found: Diversion[] = [];
  const ends: Diversion[] = [];
  const obeying: Obeying[] = [];
  const isGuests = (name: string): boolean => isTheirs(name, sources);
  for (const [path, { reader, isAlways }] of files) {
    if (files.size > most) {
      found.push({ path, line: 1, command: `one of more than ${most} files` });
      break;
    }
    const text = textOf(path);
    if (text === undefined)
      for (const name of namesIn(path)) files.set(join(path, name), { reader, isAlways });
    else if (text === 'long') found.push({ path, line: 1, command: 'too long to be looked at' });
    else {
      const read = shallow(() => diversionsIn(text.text, reader, environment, isAlways, isGuests));
      const { diversions, sourced } = read;
      obeying.push(...read.obeying.map((one) => ({ path, ...one })));
      // What sshrc has is read by a shell of its own.
      if (reader !== 'sh') ends.push(...read.ends.map((one) => ({ path, ...one })));
      found.push(...diversions.map((one) => ({ path, ...one })));
      for (const { word, isAlways: too } of sourced)
        for (const file of filesAt(word, environment))
          if (!files.has(file)) files.set(file, { reader, isAlways: isAlways && too });
    }
  }
  return { diversions: found, ends, obeying };
}

/** The first of each, as what there is against an sshd that starts the shell so. */
export function diversionObstacles(shell: string, sources: Sources): Obstacle[] {
  const { diversions, ends, obeying } = diversionsOf(shell, sources);
  return [
    ...obeying.slice(0, 1).map((one) => ({ kind: 'may-obey', ...one }) as const),
    ...diversions.slice(0, 1).map((one) => ({ kind: 'may-divert', ...one }) as const),
    ...ends.slice(0, 1).map((one) => ({ kind: 'may-end', ...one }) as const),
  ];
}

/** Substitutions within substitutions, thousands deep, are not followed to their end. */
function shallow(look: () => ReturnType<typeof diversionsIn>): ReturnType<typeof diversionsIn> {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const diversions = [{ line: 1, command: 'too deep to be looked at' }];
    return { diversions, ends: [], obeying: [], sourced: [] };
  }
}

/**
 * The pure part, of one file of a shell of that name. What always runs has been tried; what only runs at times counts unless
 * it is known to do no harm.
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
  readonly diversions: Omit<Diversion, 'path'>[];
  readonly ends: Omit<Diversion, 'path'>[];
  readonly obeying: Omit<Obeying, 'path'>[];
  readonly sourced: Sourced[];
} {
  const dialect = dialectOf(shell);
  const diversions: Omit<Diversion, 'path'>[] = [];
  const sourced: Sourced[] = [];
  const functions = new Set(
    [...text.matchAll(/^\s*(?:function\s+([\w:.-]+)|([\w:.-]+)\s*\(\s*\))/gm)].flatMap(
      ([, one, other]) => one ?? other ?? [],
    ),
  );
  /** What variables are given before, where that is plain. */
  const given = [...environment];
  /** Variables that stand for one file after the other of a list that is looked into. */
  const lists = new Set<string>();
  /** Those that hold what a command has printed. */
  const computed = new Set<string>();
  const isFollowed = (word: string): boolean =>
    pathOf(word, given) !== undefined || lists.has(word.replace(/^\$\{?(\w+)\}?$/, '$1'));
  const commands = walk(text, dialect, isAlways ? reaches.always : reaches.atTimes);
  for (const command of commands) {
    const { words, reach, assigned, line } = command;
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
    const isSource = name === '.' || name === 'source';
    const counts = reach < reaches.always || name === 'trap' || isSource;
    const [harmful] = counts ? harmfulIn([command], dialect, functions, isFollowed, computed) : [];
    const told = takerIn(command) ?? harmful;
    if (told !== undefined) diversions.push({ line, command: told.trim().slice(0, 40) });
    const [file] = args.filter((arg) => !arg.startsWith('-'));
    if (isSource && file !== undefined) sourced.push({ word: pathOf(file, given) ?? file, isAlways: isSure });
    for (const word of [...assigned, ...args]) {
      const [, variable = '', value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
      if (/^(\$\(|`)/.test(value)) computed.add(variable);
      const path = /^[\w./~${}:-]+$/.test(value) ? pathOf(value, given) : undefined;
      if (path !== undefined) given.push(`${variable}=${path}`);
    }
  }
  const folder = valueIn(given, 'ZDOTDIR');
  if (shell === 'zsh' && folder !== undefined && folder !== valueIn(environment, 'ZDOTDIR'))
    sourced.push({ word: join(folder, '.zshenv'), isAlways: true });
  const ends = dialect === 'sh' ? endsIn(text, commands, isAlways, isGuests) : [];
  return { diversions, ends, obeying: obeyingIn(text, shell, commands, isGuests), sourced };
}

const endsShell = /^(?:(?:builtin|command) )*(?:exit(?: |$)|kill .*\$\{?\$\}?$)/;
/** What tells guests apart besides what their ssh sets: a trial comes from few addresses, with few terminals. */
const differs = /^SSH_(?:CLIENT|CONNECTION)$/;
const asksTerminal = /\b(?:tput|infocmp)\b/;

/**
 * Where the shell ends if what a guest's ssh tells is so, or not: by `exit`, and not by `return`, which ends the file alone.
 * On other conditions, the same for all, a trial tells. In fish and csh, `exit` ends the file alone, too.
 */
function endsIn(
  text: string,
  commands: readonly SimpleCommand[],
  isAlways: boolean,
  isGuests: (name: string) => boolean,
): Omit<Diversion, 'path'>[] {
  const lines = text.split('\n');
  const isAsked = (before: string): boolean =>
    asksTerminal.test(before) ||
    [...before.matchAll(/\$\{?(\w+)/g)].some(([, name = '']) => isGuests(name) || differs.test(name));
  return commands
    .filter(
      ({ words, reach, isOwn }) => endsShell.test(words.join(' ')) && isOwn && reach === reaches.atTimes,
    )
    .filter(({ line }) => !isAlways || isAsked(lines.slice(0, line).join('\n')))
    .map(({ line, words }) => ({ line, command: words.join(' ').slice(0, 40) }));
}

/** The test that a line begins with, up to what it holds for. */
const guard = /^\s*(?:if\s+)?(?:\[\[\s.*?\s\]\]|\[\s[^;&|]*?\s\]|test\s[^;&|]*)\s*(?:&&|\|\||;\s*then\b)/s;

/** On lines that somebody comes to who is not at a prompt: those of a command, or of a condition before one. */
function obeyingIn(
  text: string,
  shell: string,
  commands: readonly SimpleCommand[],
  isGuests: (name: string) => boolean,
): Omit<Obeying, 'path'>[] {
  const unquoted = unquotedFinder(shell, isGuests);
  return [...logicalLines(text, dialectOf(shell))].flatMap(({ number, text: whole }) => {
    const next = commands.find(({ line }) => line >= number)?.line;
    const reached = commands.filter(({ line }) => line === next).map(({ reach }) => reach !== reaches.never);
    if (!reached.includes(true)) return [];
    // [[ $- == *i* ]] && [ $TERM = dumb ] && PS1='$ '
    const isGuard =
      next === number && reached[0] === true && reached.length > 1 && !reached.includes(true, 1);
    const variable = unquoted((isGuard ? guard.exec(whole)?.[0] : undefined) ?? whole);
    return variable === undefined ? [] : [{ line: number, variable }];
  });
}

/** What a loop goes through, by the words after `for`. */
function listOf([, ...words]: readonly string[], dialect: Dialect): string[] {
  if (dialect !== 'csh') return words[0] === 'in' ? words.slice(1) : [];
  const [, list = ''] = /^\(\s*(?:`\s*(?:\/bin\/)?ls\s)?([^)`]*)/.exec(words[0] ?? '') ?? [];
  return list.trim() === '' ? [] : list.trim().split(/\s+/);
}

/** What `~/.{a,b}` stands for. */
function braces(word: string): string[] {
  const [, before = '', list, after = ''] = /^([^{]*(?<!\$))\{([^{}]*,[^{}]*)\}(.*)$/.exec(word) ?? [];
  return list === undefined ? [word] : list.split(',').flatMap((one) => braces(`${before}${one}${after}`));
}

/** The path that a word means, a pattern perhaps, where that can be told. */
function pathOf(word: string, environment: readonly string[]): string | undefined {
  const path = word
    .replaceAll(/["']/g, '')
    .replace(/^(?:~|\$(\w+)|\$\{(\w+)(?::?-([^}]*))?\})(?=\/|$)/, (_, one, other, usual) => {
      const value = valueIn(environment, one ?? other ?? 'HOME');
      return value || (usual === undefined ? '$' : (pathOf(usual, environment) ?? '$'));
    });
  return isAbsolute(path) && !/[$`(]/.test(path) ? path : undefined;
}

/** The files that a word of a start-up file names. */
function filesAt(word: string, environment: readonly string[]): string[] {
  const path = pathOf(word, environment);
  if (path === undefined) return [];
  const [folder, ...more] = path.split('*');
  if (folder === undefined || more.length === 0) return [path];
  const at = folder.slice(0, folder.lastIndexOf('/') + 1);
  return namesIn(at).map((name) => join(at, name));
}

/** `undefined` for a folder; empty for what is no text, or can't be read, by the shell neither. */
export function textOf(path: string): { readonly text: string } | 'long' | undefined {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) return { text: '' };
    if (stats.size > longest) return 'long';
    const text = readFileSync(path, 'latin1');
    return { text: text.includes('\0') ? '' : text };
  } catch {
    return { text: '' };
  }
}
