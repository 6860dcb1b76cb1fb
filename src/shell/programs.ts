/** Programs that start-up files run: which of them are the host's own, and which shell reads those that are scripts. */

import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { shells } from './launchers.ts';
import { plainName } from './start-up.ts';

export interface Program {
  /** Whether it came with the system, or root put it there. */
  readonly isSystems: boolean;
  /** For a script, the name of the shell that reads it; absent if that shell asks people. */
  readonly shell?: string;
}

/** Where the system's programs are. Root's own programs in a home are the host's, too. */
const systems = /^\/(bin|gnu|lib\w*|nix|opt|sbin|snap|usr)\//;

/** How a program is run. */
export interface Call {
  /** Whether it is known to return, if it really is the program of that name. */
  readonly isKnown: boolean;
  /** Whether it is asked for settings of the shell, for which it returns whatever it is. */
  readonly asksForSettings: boolean;
  /** Whether the shell runs what it prints. */
  readonly isEvaluated: boolean;
}

/** What a program may do to the terminal if it is run so; or the shell whose script is to be looked into. */
export function verdictOn(
  { isSystems, shell }: Program,
  { isKnown, asksForSettings, isEvaluated }: Call,
): 'harmless' | 'harmful' | { readonly shell: string } {
  if (asksForSettings || (isSystems && isKnown)) return 'harmless';
  if (isEvaluated && !isSystems) return 'harmful';
  if (shell !== undefined) return { shell };
  return isSystems || isKnown ? 'harmless' : 'harmful';
}

/** Looks at each once. @returns the programs that a path leads to, or that are in these folders */
export function programFinder(): (
  name: string,
  folders: Iterable<string>,
) => (Program & { readonly path: string })[] {
  const seen = new Map<string, Program | undefined>();
  return (name, folders) => {
    const paths = name.includes('/') ? [name] : [...folders].map((folder) => join(folder, name));
    return paths.filter(isAbsolute).flatMap((path) => {
      if (!seen.has(path)) seen.set(path, programAt(path));
      const program = seen.get(path);
      return program ? [{ path, ...program }] : [];
    });
  };
}

/** @returns `undefined` if nothing there is executable */
function programAt(path: string): Program | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || (stats.mode & 0o111) === 0) return undefined;
    const isSystems = stats.uid === 0 && systems.test(realpathSync(path));
    const shell = shellOf(headOf(path));
    return { isSystems, ...(shell !== undefined && { shell }) };
  } catch {
    return undefined;
  }
}

/** Empty if it can't be read. */
function headOf(path: string): string {
  const head = Buffer.alloc(1024);
  try {
    const file = openSync(path, 'r');
    try {
      return head.toString('latin1', 0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

/** The pure part, from how a program begins. A text that names no interpreter is left to `sh`. */
export function shellOf(head: string): string | undefined {
  if (head === '' || head.includes('\0')) return undefined;
  if (!head.startsWith('#!')) return 'sh';
  const [program = '', ...rest] = (head.slice(2).split('\n')[0] ?? '').trim().split(/\s+/);
  const words = basename(program) === 'env' ? rest.filter((word) => word !== '-S') : [program, ...rest];
  const shell = plainName(words[0] ?? '');
  return shells.test(shell) && !words.slice(1).some((word) => /^-\w*i/.test(word)) ? shell : undefined;
}
