/** Which files the words of a start-up file name. */
import { isAbsolute, join } from 'node:path';
import { namesIn } from '../system/names-in.ts';
import { valueIn } from './start-up.ts';

/** Expands braces, as in `~/.{a,b}`. */
export function braces(word: string): string[] {
  const [, before = '', list, after = ''] = /^([^{]*(?<!\$))\{([^{}]*,[^{}]*)\}(.*)$/.exec(word) ?? [];
  return list === undefined ? [word] : list.split(',').flatMap((one) => braces(`${before}${one}${after}`));
}

/** The path that a word means, perhaps a pattern, if that can be told. */
export function pathOf(word: string, environment: readonly string[]): string | undefined {
  const path = word
    .replaceAll(/["']/g, '')
    .replace(/^(?:~|\$(\w+)|\$\{(\w+)(?::?-([^}]*))?\})(?=\/|$)/, (_, one, other, usual) => {
      const value = valueIn(environment, one ?? other ?? 'HOME');
      return value || (usual === undefined ? '$' : (pathOf(usual, environment) ?? '$'));
    });
  return isAbsolute(path) && !/[$`(]/.test(path) ? path : undefined;
}

/** The files that a word of a start-up file names. */
export function filesAt(word: string, environment: readonly string[]): string[] {
  const path = pathOf(word, environment);
  if (path === undefined) return [];
  const [folder, ...more] = path.split('*');
  if (folder === undefined || more.length === 0) return [path];
  const at = folder.slice(0, folder.lastIndexOf('/') + 1);
  return namesIn(at).map((name) => join(at, name));
}

/** The folders for programs that a command adds, if it assigns or names something with `path` in it. */
export function foldersIn(words: readonly string[], environment: readonly string[]): string[] {
  if (!words.some((word) => /path/i.test(word))) return [];
  return words
    .flatMap((word) => word.split(/[\s:=()"']+/))
    .flatMap((piece) => pathOf(piece, environment) ?? []);
}

/** The name in `$name` or `${name}`; else the word itself. */
export function variableOf(word: string): string {
  return word.replace(/^\$\{?(\w+)\}?$/, '$1');
}
