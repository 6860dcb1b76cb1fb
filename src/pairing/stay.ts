import { guestPids } from '../lease/presence.ts';
import type { Room } from '../room/claim.ts';
import type { Client } from '../room/clients.ts';
import { bringBack, holdClients, sessionId } from '../room/hold.ts';
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
  const look = async (clients: readonly Client[]): Promise<void> => {
    const guests = guestPids(live.lease.folder);
    const here = new Map(clients.flatMap(({ pid, name }) => (guests.has(pid) ? [[pid, name]] : [])));
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
  return oneAtATime(look);
}
