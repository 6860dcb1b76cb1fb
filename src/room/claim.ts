/** Whose a room is: a symbolic link in its folder names the lease. */
import { mkdirSync, readlinkSync, rmdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { refuse } from '../domain/failure.ts';
import type { LeaseId } from '../domain/lease-id.ts';
import type { Server } from './tmux.ts';

/** The tmux server and session that a pairing shares. */
export interface Room extends Server {
  /**
   * The folder of the room's socket and its claim, and the lease that claims it; absent for a session of the host's own
   * server.
   */
  readonly claim?: { readonly folder: string; readonly lease: string };
  /** The session's name, for people. */
  readonly session: string;
  /** The session, for tmux: `=name`, or `$3` if it is one that the host may rename. */
  readonly target: string;
}

/**
 * Claims the room `name` for one pairing or, without a name, the first of `pair`, `pair-2`, … that no live pairing has.
 * The claim is a symbolic link, which only one of two pairings can make.
 */
export function claimRoom(rooms: string, tmux: string, id: LeaseId, name?: string): Room {
  for (let n = 1; ; n++) {
    const session = name ?? (n === 1 ? 'pair' : `pair-${n}`);
    const folder = join(rooms, session);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      symlinkSync(id, join(folder, 'lease'));
      return roomAt(folder, id, tmux);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') continue; // Its last user has just removed the folder.
      if (code !== 'EEXIST') throw error;
      if (name === undefined) continue;
      refuse({
        kind: 'usage',
        problem: `the session ${name} is shared already, by pairing ${readlinkSync(join(folder, 'lease'))}`,
        hint: 'let more guests into that one with tmuxpair invite, or give this one another name with --session',
      });
    }
  }
}

/** The room in `folder`, as `lease` claimed it. */
export function roomAt(folder: string, lease: string, tmux: string): Room {
  const session = basename(folder);
  return { tmux, claim: { folder, lease }, session, target: `=${session}`, socket: join(folder, 'tmux') };
}

/** Whether our claim is still on this room, so nobody else can take it for free. */
export function claimStands({ claim }: Room): boolean {
  try {
    return !claim || readlinkSync(join(claim.folder, 'lease')) === claim.lease;
  } catch {
    return false;
  }
}

/** Puts our claim back on a room, unless somebody else has it by now. */
export function reclaim({ claim }: Room): void {
  try {
    if (claim) symlinkSync(claim.lease, join(claim.folder, 'lease'));
  } catch {
    // Taken, or its folder is gone.
  }
}

/** Removes this lease's claim from the room, if it is still there, and the room's folder if its session has ended. */
export function unclaimRoom({ claim, socket }: Room, left: 'stays' | 'ended'): void {
  if (!claim) return;
  const link = join(claim.folder, 'lease');
  try {
    if (readlinkSync(link) !== claim.lease) return;
    if (left === 'ended') rmSync(socket, { force: true });
    unlinkSync(link);
    if (left === 'ended') rmdirSync(claim.folder);
  } catch {
    // Somebody else's by now, or gone.
  }
}
