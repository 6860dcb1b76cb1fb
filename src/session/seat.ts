/** Where the host sits while guests are in, and how one hears of their going. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setHostPresence } from '../lease/lease.ts';
import { guestPids } from '../lease/presence.ts';
import { type Client, clientsOf, readClients } from '../room/clients.ts';
import { attachHost } from '../room/host.ts';
import { observeRoom } from '../room/observe.ts';
import { hasSession, type Room } from '../room/room.ts';
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

/** How long, in ms, until a room is observed again. */
const pause = 100;

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
    const clients = await readClients(room);
    if (!clients) return; // A server that hangs says nothing of the host; one that has gone ends the observer.
    const here = withoutGuests(live, clients).length > 0;
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
  let left = false;
  let observer = observeRoom(room, soon);
  /** The host may have sent all other clients away, and this one with them. */
  const observeOn = async (): Promise<void> => {
    await observer.ended;
    if (left) return;
    if (!(await hasSession(room))) return gone.resolve({ kind: 'session-ended' });
    await sleep(pause, undefined, { ref: false });
    if (left) return;
    observer = observeRoom(room, soon);
    soon();
    await observeOn();
  };
  void observeOn();
  soon();
  return {
    arrived: arrived.promise,
    gone: gone.promise,
    clients: () => hostClients(live, room),
    leave: async () => {
      left = true;
      observer.stop();
    },
  };
}

async function hostClients(live: Live, room: Room): Promise<Client[]> {
  return withoutGuests(live, await clientsOf(room));
}

/** Guests are read after clients: who is a client by then had registered before. */
function withoutGuests(live: Live, clients: readonly Client[]): Client[] {
  const guests = guestPids(live.lease.folder);
  return clients.filter(({ pid }) => !guests.has(pid));
}
