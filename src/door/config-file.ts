/** The files that configure an sshd, read as it reads them: what each line sets, and for whom. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isNothing, isPattern, pathsFor } from '../domain/glob.ts';

/** `Match CRITERION PATTERNS …`. A criterion without patterns, such as `all`, has an empty list. */
export interface Match {
  /** As it stands in the file. */
  readonly text: string;
  readonly criteria: readonly { readonly name: string; readonly patterns: readonly string[] }[];
}

export interface Directive {
  /** In lower case. */
  readonly keyword: string;
  readonly args: readonly string[];
  /** All of these have to hold: the line is in a `Match` block, which may include another. */
  readonly matches: readonly Match[];
}

export interface ConfigFile {
  readonly directives: readonly Directive[];
  /** Every file that was read, and every folder that was searched for more. */
  readonly sources: readonly string[];
  /** What could not be read: it may hold more. */
  readonly unread: readonly string[];
}

const deepest = 16;

/** The file that sshd reads by default. */
export const defaultConfig = '/etc/ssh/sshd_config';

/** The configuration in the arguments that `listenerConfig` gives. */
export function configIn(args: readonly string[]): {
  readonly file: string;
  readonly options: readonly string[];
} {
  const values = (name: string): string[] =>
    args.flatMap((word, at) => {
      if (word === name) return args.slice(at + 1, at + 2);
      return word.startsWith(name) ? [word.slice(name.length)] : [];
    });
  return { file: values('-f').at(-1) ?? defaultConfig, options: values('-o') };
}

/**
 * Reads an sshd's configuration with everything that it includes.
 * @param file the main file, absolute
 * @param options the values of `-o` on sshd's command line, which come first
 */
export function readConfigFile(file: string, options: readonly string[] = []): ConfigFile {
  const directives: Directive[] = options.flatMap((option) => lineOf(option, []) ?? []);
  const [sources, unread] = [new Set<string>(), new Set<string>()];

  const read = (path: string, outer: readonly Match[], depth: number): void => {
    sources.add(path);
    let matches = outer;
    for (const text of textOf(path, unread).split('\n')) {
      const line = lineOf(text, matches);
      if (line?.keyword === 'match') matches = [...outer, matchOf(line, text)];
      else if (line?.keyword === 'include' && depth < deepest) {
        for (const name of line.args) {
          for (const found of included(name, sources, unread)) read(found, matches, depth + 1);
        }
      } else if (line) directives.push(line);
    }
  };
  read(file, [], 0);
  return { directives, sources: [...sources], unread: [...unread] };
}

/** Paths that an `Include` names, in the order in which sshd reads them. */
function included(name: string, sources: Set<string>, unread: Set<string>): string[] {
  const path = name.startsWith('/') ? name : join('/etc/ssh', name);
  if (!isPattern(path)) return [path];
  return pathsFor(path, (folder) => {
    try {
      sources.add(folder);
      return readdirSync(folder);
    } catch (error) {
      if (!isNothing(error)) unread.add(folder);
      return [];
    }
  })
    .filter((found) => statSync(found, { throwIfNoEntry: false }) !== undefined)
    .sort();
}

function textOf(path: string, unread: Set<string>): string {
  let file: number | undefined;
  try {
    // Somebody may have put a FIFO there: opening it must not wait, and only a regular file is read.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(file).isFile()) return readFileSync(file, 'utf8');
    unread.add(path);
    return '';
  } catch (error) {
    if (!isNothing(error)) unread.add(path);
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function lineOf(text: string, matches: readonly Match[]): Directive | undefined {
  const [, keyword, rest] = /^\s*"?([A-Za-z0-9]+)"?(?:\s*=\s*|\s+)(\S.*)$/.exec(text.trimEnd()) ?? [];
  return keyword === undefined || rest === undefined
    ? undefined
    : { keyword: keyword.toLowerCase(), args: wordsIn(rest), matches };
}

function matchOf({ args }: Directive, text: string): Match {
  const criteria = [];
  for (let at = 0; at < args.length; at++) {
    // `address=10.0.0.0/8` is two words.
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(args[at] ?? '') ?? [];
    const alone = /^(all|canonical|final|invalid-user)$/i.test(name);
    const patterns = alone ? '' : (value ?? args[++at] ?? '');
    criteria.push({ name: name.toLowerCase(), patterns: alone ? [] : patterns.split(',') });
  }
  return { text: text.trim().replaceAll(/\s+/g, ' '), criteria };
}

/** Words as sshd takes them: quotes hold them together, a `#` in front of a word begins a comment. */
function wordsIn(text: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const [c = '', next = ''] = [text[at], text[at + 1]];
    if (c === '\\' && /["'\\]|\s/.test(next)) {
      word = (word ?? '') + next;
      at += 1;
    } else if (quote !== '' ? c === quote : c === '"' || c === "'") {
      word ??= '';
      quote = quote === '' ? c : '';
    } else if (quote === '' && /\s/.test(c)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (quote === '' && c === '#' && word === undefined) break;
    else word = (word ?? '') + c;
  }
  return word === undefined ? found : [...found, word];
}
