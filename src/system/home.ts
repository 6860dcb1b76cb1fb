/**
 * Where this account keeps its files. The environment can be another account's (`su`, `sudo -E`), empty or relative: it
 * counts only if it leads to a place of this account's.
 */
import { type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { usage } from '../domain/failure.ts';
import { thisAccount } from './account.ts';
import { isOwn, isOwnOrRoots } from './ownership.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The home folder, absolute: `HOME` if that is an absolute path of a folder that this account owns, else the one in the
 * password file.
 * @throws Refusal `usage` if there is neither
 */
export function homeFolder({ HOME }: Env = process.env): string {
  if (HOME !== undefined && isAbsolute(HOME) && isOwnFolder(HOME)) return HOME;
  try {
    const { home } = thisAccount();
    if (isAbsolute(home)) return home;
  } catch {
    // The password file does not have this user id, as in some containers.
  }
  return usage('this account has no home folder', 'set HOME to a folder of yours');
}

/**
 * The folder that `XDG_STATE_HOME` or the like names, else the one called `usual` in the home folder. It need not
 * exist. A name counts if it is absolute and not in a place of another account's.
 */
export function baseFolder(
  env: Env,
  name: 'XDG_STATE_HOME' | 'XDG_CACHE_HOME' | 'XDG_CONFIG_HOME',
  usual: string,
): string {
  const named = env[name];
  const counts = named !== undefined && isAbsolute(named) && !isAnothers(named);
  return counts ? named : join(homeFolder(env), usual);
}

/**
 * Makes the programs that this one starts find the same home: otherwise tmux, ssh, gh and the like would read, and run,
 * what another account has written. Changes `env`.
 */
export function settleHome(env: NodeJS.ProcessEnv): void {
  try {
    env.HOME = homeFolder(env);
  } catch {
    // Code that needs a home reports that.
  }
}

function isOwnFolder(path: string): boolean {
  const stats = look(path);
  return typeof stats === 'object' && stats.isDirectory() && isOwn(stats);
}

/** Whether it, or the nearest folder above that exists, belongs to neither this account nor root. */
function isAnothers(path: string): boolean {
  const stats = look(path);
  if (typeof stats === 'object') return !isOwnOrRoots(stats);
  return stats === 'hidden' || (path !== dirname(path) && isAnothers(dirname(path)));
}

/** `hidden` if a folder above may not be entered. */
function look(path: string): Stats | 'hidden' | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'hidden' : undefined;
  }
}
