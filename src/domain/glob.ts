/** Expands paths with patterns, as glob(7) has them within names: `*`, `?` and `[…]`. */
import { join } from 'node:path';
import { matches } from './patterns.ts';

export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * The paths that an absolute pattern stands for. If its last names are no patterns, they need not exist.
 * @param namesIn the names in a folder; none if there is no such folder
 */
export function pathsFor(pattern: string, namesIn: (folder: string) => readonly string[]): string[] {
  let found = ['/'];
  for (const part of pattern.split('/').filter((part) => part !== '')) {
    found = found.flatMap((folder) => {
      const names = isPattern(part) ? namesIn(folder).filter((name) => isMatch(part, name)) : [part];
      return names.map((name) => join(folder, name));
    });
  }
  return found;
}

/** Brackets count as any one character: a file too many does no harm. */
export function isMatch(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  return matches(pattern.replaceAll(/\[[^\]]+\]/g, '?'), name);
}

/** Whether a system call failed because there is nothing by that name. */
export function isNothing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '');
}
