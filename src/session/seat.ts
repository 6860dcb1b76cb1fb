/** Where the host sits while guests are in, and how one hears of their going. */
import { setHostPresence } from '../lease/lease.ts';
import { guestPids } from '../lease/presence.ts';
import { type Client, clientsOf } from '../room/clients.ts';
import { attachHost } from '../room/host.ts';
import { observeRoom } from '../room/observe.ts';
import type { Room } from '../room/room.ts';
import { deferred } from './deferred.ts';
import type { EndReason } from './events.ts';
import type { Live } from './live.ts';
import type { HostSeat } from './world.ts';

export interface Seat {
  /** Resolves once the host is there. */
  readonly arrived: Promise<void>;
  /** Resolves when the host has gone, or the session. Rejects with a Refusal where the host could not get in. */
  readonly gone: Promise<EndReason>;
  /** The clients that are the host's. */
  clients(): Promise<readonly Client[]>;
  /** Gives the terminal back, where this program has put the host into tmux. */
  leave(): Promise<void>;
}

export function takeSeat(seat: HostSeat, live: Live, room: Room, env: NodeJS.ProcessEnv): Seat {
  return seat === 'terminal' ? inTerminal(live, room, env) : elsewhere(seat, live, room);
}

function inTerminal(live: Live, room: Room, env: NodeJS.ProcessEnv): Seat {
  const host = attachHost(room, env);
  return {
    arrived: host.arrived,
    gone: host.gone.then(() => ({ kind: 'host-detached' })),
    clients: () => hostClients(live, room),
    leave: host.detach,
  };
}

/** With `elsewhere`, guests may come in only while a client is attached that is none of theirs. */
function elsewhere(seat: HostSeat, live: Live, room: Room): Seat {
  const arrived = deferred<void>();
  const gone = deferred<EndReason>();
  let present = false;
  let turn: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const here = (await hostClients(live, room)).length > 0;
    if (here && !present) {
      present = true;
      setHostPresence(live.lease, true);
      arrived.resolve();
    } else if (!here && present && seat === 'elsewhere') {
      setHostPresence(live.lease, false);
      gone.resolve({ kind: 'host-detached' });
    }
  };
  const soon = (): void => {
    turn = turn.then(look).catch(() => {});
  };
  const observer = observeRoom(room, soon);
  observer.ended.then(() => gone.resolve({ kind: 'session-ended' }));
  soon();
  return {
    arrived: arrived.promise,
    gone: gone.promise,
    clients: () => hostClients(live, room),
    leave: async () => observer.stop(),
  };
}

/** Guests are read last: who is a client by then had registered before. */
async function hostClients(live: Live, room: Room): Promise<Client[]> {
  const clients = await clientsOf(room);
  const guests = guestPids(live.lease.folder);
  return clients.filter(({ pid }) => !guests.has(pid));
}
