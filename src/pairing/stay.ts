import { guestPids } from '../lease/presence.ts';
import type { Room } from '../room/claim.ts';
import type { Client } from '../room/clients.ts';
import { bringBack, clientsElsewhere, holdClients, sessionId } from '../room/hold.ts';
import { signalProcess } from '../system/signal.ts';
import type { Live } from './live.ts';
import { oneAtATime } from './one-at-a-time.ts';

/**
 * Keeps guests in the session that they are guests of (I9). To be called with every report of its clients.
 * @returns a function that resolves when that report has been looked at, and never rejects
 */
export function holdGuests(live: Live, room: Room): (clients: readonly Client[]) => Promise<void> {
  /** The guests' clients that are held, by pid. */
  let held = new Map<number, string>();
  let id: string | undefined;
  /** Guests' processes that were no clients of the room when the server was last asked; when that was. */
  let asked = new Set<number>();
  let askedAt = 0;
  /** Those that were found in other sessions. */
  const strays = new Set<number>();
  const look = async (clients: readonly Client[]): Promise<void> => {
    const guests = guestPids(live.lease.folder);
    const here = new Map(clients.flatMap(({ pid, name }) => (guests.has(pid) ? [[pid, name]] : [])));
    await findStrays([...guests].filter((pid) => !here.has(pid) && !held.has(pid)));
    // Guests who have left the session, and perhaps not the room: an airlock has the pid of the client before it.
    const away = [...held].filter(([pid]) => guests.has(pid) && !here.has(pid));
    if (away.length === 0 && here.size === held.size && [...here.keys()].every((pid) => held.has(pid)))
      return;
    id ??= await sessionId(room);
    if (id === undefined) return;
    const back: [number, string][] = [];
    for (const one of away) if (await bringBack(room, id, one[1])) back.push(one);
    held = new Map([...back, ...here]);
    await holdClients(room, id, [...held.values()]);
  };
  /**
   * A hook of the host's may move a client in the same instant in which it attaches, before it was ever seen in its
   * session. Brings such a guest back once, and puts them out if that does not last. Not every guest process is a
   * client of the room, so the server is asked again only if there are new ones, or after a while.
   */
  const findStrays = async (missing: readonly number[]): Promise<void> => {
    const isNew = missing.some((pid) => !asked.has(pid));
    if (missing.length === 0 || (!isNew && performance.now() - askedAt < anew)) return;
    id ??= await sessionId(room);
    if (id === undefined) return;
    askedAt = performance.now();
    asked = new Set(missing);
    const elsewhere = await clientsElsewhere(room, id);
    for (const pid of missing) {
      const name = elsewhere.get(pid);
      if (name === undefined) continue;
      asked.delete(pid); // Until it is seen in its session.
      // Killed, not asked: a client that says good-bye draws once more.
      if (strays.has(pid) || !(await bringBack(room, id, name))) signalProcess(pid, 'SIGKILL');
      strays.add(pid);
    }
  };
  return oneAtATime(look);
}

/** How long, in ms, until the server is asked again. */
const anew = 3000;
