/**
 * Finds programs. A relative or empty entry of `PATH` is the current folder's, where anybody may have put a program.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The folders that `PATH` names by absolute paths; the system's own if there is no PATH. */
export function pathFolders(path: string | undefined): string[] {
  return (path ?? '/usr/bin:/bin').split(delimiter).filter(isAbsolute);
}

/** The absolute path of a program: the first executable one in these folders, which are absolute. */
export function which(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Has programs that are started by name found in the same way. Changes `env`. */
export function settlePath(env: NodeJS.ProcessEnv): void {
  if (env.PATH === undefined) return;
  env.PATH = pathFolders(env.PATH).join(delimiter) || '/usr/bin:/bin';
}

export function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false; // Mostly so, and much quicker to find out than to catch.
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
