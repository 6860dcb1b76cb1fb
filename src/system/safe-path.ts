/**
 * Whom a file has to be trusted with: everybody who can change it, or put another in its place. One rule for everything
 * that this program runs, serves or believes: nobody but this account and root.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { shWord } from '../domain/sh-word.ts';
import { hasOthers } from './groups.ts';
import { homeFolder } from './home.ts';
import { isOwnOrRoots } from './ownership.ts';

/** Why `path` is not this account's and root's alone. */
export type Distrust =
  | { readonly why: 'owner'; readonly path: string; readonly uid: number }
  | {
      readonly why: 'writers';
      readonly path: string;
      readonly who: 'everybody' | 'its group';
      readonly stats: Stats;
    };

/**
 * Why one file or folder is not to be trusted. Those above it count, too: see {@link distrustAbove}.
 * @param group `any` takes any write permission of a group for one of others', as sshd does; `shared` allows a group
 * that has nobody else in it
 */
export function distrust(path: string, stats: Stats, group: 'any' | 'shared'): Distrust | undefined {
  const { uid, mode } = stats;
  if (!isOwnOrRoots(stats)) return { why: 'owner', path, uid };
  if ((mode & 0o002) !== 0) return { why: 'writers', path, who: 'everybody', stats };
  if ((mode & 0o020) === 0) return undefined;
  const isOpen = group === 'any' || hasOthers(stats.gid) || hasAccessList(path);
  return isOpen ? { why: 'writers', path, who: 'its group', stats } : undefined;
}

/**
 * The first folder above `path`, which need not exist, in which others could put something else in its place. Follows
 * both the names and the links. A sticky folder does not count: nobody can remove another's files from it.
 */
export function distrustAbove(path: string): Distrust | undefined {
  const seen = new Set<string>();
  for (const start of [dirname(path), resolved(dirname(path))]) {
    for (let folder = start; !seen.has(folder); folder = dirname(folder)) {
      seen.add(folder);
      const stats = statSync(folder, { throwIfNoEntry: false });
      const found = stats && distrust(folder, stats, 'shared');
      const isSticky = found?.why === 'writers' && (found.stats.mode & 0o1000) !== 0;
      if (found && !isSticky) return found;
    }
  }
  return undefined;
}

/**
 * The command that takes the write permission away from others; `undefined` if it could do harm: only what is this
 * account's own, in its home, is surely nobody else's business.
 */
export function modesHint(found: Distrust): string | undefined {
  return found.why === 'writers' && isOwnPlace(found.path, found.stats)
    ? `chmod go-w ${shWord(found.path)}`
    : undefined;
}

/** Whether `path` is this account's own, and its home folder or in it. */
export function isOwnPlace(path: string, { uid }: Pick<Stats, 'uid'>): boolean {
  const home = resolved(homeFolder());
  return uid === process.geteuid?.() && home !== '/' && `${resolved(path)}/`.startsWith(`${home}/`);
}

/** The group bits stand for all that an access control list allows; `ls` marks such a list with a `+`. */
function hasAccessList(path: string): boolean {
  try {
    const listed = execFileSync('ls', ['-ldn', '--', path], {
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return listed[10] === '+';
  } catch {
    return true;
  }
}

function resolved(path: string): string {
  for (let known = path, rest = ''; ; known = dirname(known)) {
    if (lstatSync(known, { throwIfNoEntry: false })) {
      try {
        return `${realpathSync(known).replace(/\/$/, '')}${rest}` || '/';
      } catch {
        return path; // A link to nothing.
      }
    }
    if (known === dirname(known)) return path;
    rest = `${known.slice(dirname(known).replace(/\/$/, '').length)}${rest}`;
  }
}
