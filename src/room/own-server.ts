/**
 * The host's own tmux server, found through the environment. A client does what its server says, including running
 * programs and writing files, so a socket counts only if nobody else could have put it there. tmux checks the folder of
 * a socket by itself (`make_label`), but not if it is given the path (`-S`, `TMUX`).
 */
import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { usage } from '../domain/failure.ts';
import { printable } from '../domain/text.ts';
import { isOwn } from '../system/ownership.ts';
import { type Distrust, distrustAbove } from '../system/safe-path.ts';

/**
 * The socket that `TMUX` names, else tmux's default one, with the links in its folder resolved.
 * @returns `undefined` if there is none
 * @throws Refusal `usage` if it is not this account's alone
 */
export function ownSocket(env: NodeJS.ProcessEnv): string | undefined {
  const named = namedSocket(env);
  const socket = resolved(named ?? defaultSocket(env));
  const why = against(socket);
  if (why !== undefined) {
    return usage(
      `the tmux socket ${printable(socket)} is not safe to use: ${printable(why)}`,
      named === undefined
        ? 'start your tmux with TMUX_TMPDIR set to a folder of yours'
        : 'unset TMUX if that is not your tmux',
    );
  }
  return look(socket) && socket;
}

/**
 * The socket of the tmux that this program runs in; `undefined` if it runs in none, or in one that is not safe to use.
 */
export function socketAround(env: NodeJS.ProcessEnv): string | undefined {
  const named = namedSocket(env);
  const socket = named && resolved(named);
  return socket && look(socket) && against(socket) === undefined ? socket : undefined;
}

/** As tmux reads it. */
function namedSocket({ TMUX = '' }: NodeJS.ProcessEnv): string | undefined {
  return TMUX.split(',')[0] || undefined;
}

function defaultSocket({ TMUX_TMPDIR }: NodeJS.ProcessEnv): string {
  const folder = TMUX_TMPDIR && realPath(TMUX_TMPDIR) ? TMUX_TMPDIR : '/tmp';
  return join(folder, `tmux-${process.geteuid?.() ?? 0}`, 'default');
}

/** Why not to trust a socket in a folder without links, whether or not it exists. */
function against(socket: string): string | undefined {
  const found = distrustAbove(socket);
  if (found) return describeDistrust(found);
  const stats = look(socket);
  if (stats && !stats.isSocket()) return 'it is not a socket';
  return stats && !isOwn(stats) ? `it belongs to user ${stats.uid}` : undefined;
}

function describeDistrust(found: Distrust): string {
  switch (found.why) {
    case 'owner':
      return `${found.path} belongs to user ${found.uid}`;
    case 'writers':
      return `${found.who} can write to ${found.path}`;
    default:
      return found satisfies never;
  }
}

/** A folder that can't be resolved stays as it is. */
function resolved(socket: string): string {
  return join(realPath(dirname(socket)) ?? dirname(socket), basename(socket));
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** `undefined` also if a folder above may not be entered: tmux can't enter it, either. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
