import { guestPids } from '../lease/presence.ts';
import type { Client } from '../room/clients.ts';
import { bringBack, holdClients, sessionId } from '../room/hold.ts';
import type { Room } from '../room/room.ts';
import type { Live } from './live.ts';

/**
 * Has guests stay in the session that they are guests of (I9). To be called with every report of its clients.
 * @returns a function that resolves when that report has been looked at, and never rejects
 */
export function holdGuests(live: Live, room: Room): (clients: readonly Client[]) => Promise<void> {
  /** The guests' clients that are held, by pid. */
  let held = new Map<number, string>();
  let id: string | undefined;
  const look = async (clients: readonly Client[]): Promise<void> => {
    const guests = guestPids(live.lease.folder);
    const here = new Map(clients.flatMap(({ pid, name }) => (guests.has(pid) ? [[pid, name]] : [])));
    // Who has just left the session, and not the room.
    const away = [...held].filter(([pid]) => guests.has(pid) && !here.has(pid));
    if (away.length === 0 && here.size === held.size && [...here.keys()].every((pid) => held.has(pid)))
      return;
    id ??= await sessionId(room);
    if (id === undefined) return;
    for (const [, name] of away) await bringBack(room, id, name);
    held = new Map([...away, ...here]);
    await holdClients(room, id, [...held.values()]);
  };
  let busy = false;
  return async (clients) => {
    if (busy) return;
    busy = true;
    try {
      await look(clients);
    } catch {
      // The room may be gone by now, or is looked at again.
    } finally {
      busy = false;
    }
  };
}
