/** Taking back what dead pairings left: their leases, and their claims on rooms. */
import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from '../lease/lock.ts';
import { runDirectories } from '../lease/run-directory.ts';
import { type Swept, staleClaims, sweep, sweepLease } from '../lease/sweep.ts';
import { clearRoom, roomAt, unclaimRoom } from '../room/room.ts';
import { findTmux } from '../room/tmux.ts';
import { recordSwept } from './log.ts';

/**
 * Takes back what any dead pairing of this account left.
 * @param keyFile an `authorized_keys` file to look into, besides those that leases name
 * @throws Refusal `revocation-failed` after everything else was tried
 */
export async function recover(env: NodeJS.ProcessEnv, keyFile: string): Promise<Swept[]> {
  const roots = runDirectories(env);
  try {
    const swept = await sweep({ roots, keyFiles: [keyFile], now: new Date() });
    await record(env, swept);
    return swept;
  } finally {
    for (const root of roots) await freeRooms(env, root);
  }
}

/** Takes one lease back, whoever supervises it. @throws Refusal `revocation-failed` */
export async function recoverLease(env: NodeJS.ProcessEnv, folder: string): Promise<Swept[]> {
  try {
    const swept = await sweepLease(folder);
    await record(env, swept);
    return swept;
  } finally {
    await freeRooms(env, dirname(folder));
  }
}

function record(env: NodeJS.ProcessEnv, swept: readonly Swept[]): Promise<void> {
  const ids = swept.map(({ id }) => id);
  return recordSwept(env, ids);
}

/**
 * Takes the claims of leases that are no more off their rooms. Under a lock, or else of two who saw the same claim
 * one might take away what a third has put in its place meanwhile.
 */
async function freeRooms(env: NodeJS.ProcessEnv, root: string): Promise<void> {
  const lock = join(root, 'rooms.lock');
  const tmux = tmuxIn(env);
  const locked = async (work: () => void): Promise<void> => {
    await withLock(lock, root, work).catch(() => {}); // The next sweep tries again.
  };
  for (const { folder, lease } of staleClaims(root)) {
    const room = roomAt(folder, lease, tmux ?? '');
    const left = tmux === undefined ? 'stays' : await clearRoom(room);
    await locked(() => unclaimRoom(room, left));
  }
  if (lstatSync(lock, { throwIfNoEntry: false })) await locked(() => {}); // Left by one that died here.
}

function tmuxIn(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return findTmux(env);
  } catch {
    return undefined; // The room then keeps the segment in its status line, and nothing else.
  }
}
