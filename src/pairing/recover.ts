/** Takes back what dead pairings left: their leases, and their claims on rooms. */

import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inLease } from '../domain/lease-folder.ts';
import { recordSwept } from '../journal/log.ts';
import { withLock } from '../lease/lock.ts';
import { isPrivate, runDirectories } from '../lease/run-directory.ts';
import { leaseFolders, leasesWith, type Swept, staleClaims, sweep, sweepLeases } from '../lease/sweep.ts';
import { type Room, roomAt, unclaimRoom } from '../room/claim.ts';
import { clearRoom } from '../room/room.ts';
import { leaveShared } from '../room/share.ts';
import { findTmux } from '../room/tmux.ts';

/** Something that a dead pairing may have left besides its lease. */
interface Recovery {
  /**
   * Finds it, while the leases' folders may still name it.
   * @returns a function that recovers it, once the leases have been taken back as far as possible; it does not reject
   */
  find(env: NodeJS.ProcessEnv, places: Places): () => Promise<void>;
}

interface Places {
  /** Run directories that nobody else can have written into. */
  readonly roots: readonly string[];
  /** The folders of leases, live and dead. */
  readonly folders: readonly string[];
}

/** Anything else of a pairing that outlives it has its entry here. */
const recoveries: readonly Recovery[] = [
  {
    find:
      (env, { roots }) =>
      async () => {
        for (const root of roots) await freeRooms(env, root);
      },
  },
  {
    find: (_, { folders }) => {
      const shared = sharedIn(folders);
      return () => leaveSessions(shared);
    },
  },
];

/**
 * Takes back what any dead pairing of this account left.
 * @param keyFile an `authorized_keys` file to look into, besides those that leases name
 * @throws Refusal `revocation-failed` after everything else was tried
 */
export function recover(env: NodeJS.ProcessEnv, keyFile: string): Promise<Swept[]> {
  // Ignores what others could have written: the notes name programs to run.
  const roots = runDirectories(env).filter(isPrivate);
  const folders = leaseFolders({ roots, keyFiles: [keyFile] });
  return recoverAround(env, { roots, folders }, () => sweep({ roots, keyFiles: [keyFile], now: new Date() }));
}

/**
 * Takes one lease back, whoever supervises it, and whatever else a dead supervisor left.
 * @throws Refusal `revocation-failed`
 */
export async function recoverLease(env: NodeJS.ProcessEnv, folder: string): Promise<Swept[]> {
  const root = dirname(folder);
  if (!isPrivate(root)) return [];
  const folders = leasesWith(folder);
  return recoverAround(env, { roots: [root], folders }, () => sweepLeases(folders));
}

async function recoverAround(
  env: NodeJS.ProcessEnv,
  places: Places,
  takeBack: () => Promise<Swept[]>,
): Promise<Swept[]> {
  const found = recoveries.map((one) => one.find(env, places));
  try {
    const swept = await takeBack();
    const ids = swept.map(({ id }) => id);
    await recordSwept(env, ids);
    return swept;
  } finally {
    for (const recoverIt of found) await recoverIt();
  }
}

/**
 * Removes the claims of dead leases from their rooms. Needs a lock: of two processes that saw the same claim, one might
 * otherwise remove what a third has put in its place meanwhile.
 */
async function freeRooms(env: NodeJS.ProcessEnv, root: string): Promise<void> {
  const lock = join(root, 'rooms.lock');
  const locked = async (work: () => void): Promise<void> => {
    await withLock(lock, root, work).catch(() => {}); // The next sweep tries again.
  };
  for (const { folder, lease } of staleClaims(root)) {
    const tmux = tmuxIn(env);
    const room = roomAt(folder, lease, tmux ?? '');
    const left = tmux === undefined ? 'stays' : await clearRoom(room);
    await locked(() => unclaimRoom(room, left));
  }
  if (lstatSync(lock, { throwIfNoEntry: false })) await locked(() => {}); // Left by a process that died here.
}

/** Records which session a lease shares, for whoever has to leave it in the lease's place. */
export function noteShared(folder: string, { tmux, socket, session, target }: Room): void {
  const note: Room = { tmux, socket, session, target };
  writeFileSync(inLease(folder, 'shared.json'), JSON.stringify(note), { mode: 0o600 });
}

/** The sessions that leases share, by folder. */
function sharedIn(folders: readonly string[]): Map<string, Room> {
  return new Map(
    folders.flatMap((folder) => {
      try {
        return [[folder, JSON.parse(readFileSync(inLease(folder, 'shared.json'), 'utf8'))]];
      } catch {
        return []; // Most share none.
      }
    }),
  );
}

/** Leaves the sessions of those leases that are gone. */
async function leaveSessions(shared: ReadonlyMap<string, Room>): Promise<void> {
  for (const [folder, room] of shared) if (!existsSync(folder)) await leaveShared(room, basename(folder));
}

function tmuxIn(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return findTmux(env);
  } catch {
    return undefined; // The room then keeps our segment in its status line, and nothing else.
  }
}
