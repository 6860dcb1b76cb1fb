import { isTooLarge } from '../domain/terminal-size.ts';
import { guestPids, presences } from '../lease/presence.ts';
import type { Room } from '../room/claim.ts';
import type { Client } from '../room/clients.ts';
import { moveGuests } from '../room/move.ts';
import { signalProcess } from '../system/signal.ts';
import { gateAgain } from './change.ts';
import type { Live } from './live.ts';

/**
 * Undoes what guests' clients must not be, as the room's server reports them:
 * - suspended (Ctrl-b Ctrl-z): no shell could continue it, and the guest's screen would stay frozen;
 * - larger than the gate lets in: resized since the join. The guest goes through the gate again, which says why.
 */
export function keepInOrder(live: Live, room: Room, clients: readonly Client[]): void {
  const { folder } = live.lease;
  if (!clients.some((client) => client.suspended || isTooLarge(client))) return;
  const guests = guestPids(folder);
  for (const { pid, suspended } of clients) if (suspended && guests.has(pid)) signalProcess(pid, 'SIGCONT');
  const misfits = new Set(clients.filter(isTooLarge).map(({ pid }) => pid));
  const moves = presences(folder)
    .filter(({ pid }) => misfits.has(pid))
    .map((presence) => ({ pid: presence.pid, gate: gateAgain(live.lease, presence) }));
  if (moves.length > 0) moveGuests(room, folder, moves).catch(() => {}); // Those that are still there are seen again.
}
