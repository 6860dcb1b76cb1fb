/** Where the host is while guests are in, and how their leaving is noticed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EndReason } from '../domain/end-reason.ts';
import type { HostMode } from '../domain/intent.ts';
import { setHostPresence } from '../lease/gate.ts';
import { guestPids } from '../lease/presence.ts';
import type { Room } from '../room/claim.ts';
import { type Client, clientsOf } from '../room/clients.ts';
import { attachHost } from '../room/host.ts';
import { observeRoom } from '../room/observe.ts';
import { hasSession } from '../room/room.ts';
import { deferred } from '../system/deferred.ts';
import { keepInOrder } from './keep-in-order.ts';
import type { Live } from './live.ts';
import { boundBacklogs } from './slow-guests.ts';
import { holdGuests } from './stay.ts';

export interface HostPresence {
  /** Resolves once the host is there. */
  readonly arrived: Promise<void>;
  /** Resolves once it is known whether they are there: a guest who comes earlier is turned away. */
  readonly looked: Promise<unknown>;
  /** Resolves when the host or the session has gone. Rejects with a Refusal if the host could not get in. */
  readonly gone: Promise<EndReason>;
  /** The host's clients. */
  clients(): Promise<readonly Client[]>;
  /** Stops watching, and gives the terminal back if this program attached the host to tmux. */
  leave(): Promise<void>;
}

/** How long, in ms, to wait before a room is observed again. */
const pause = 100;

export function watchHost(hostMode: HostMode, live: Live, room: Room, env: NodeJS.ProcessEnv): HostPresence {
  return hostMode === 'terminal' ? inTerminal(live, room, env) : elsewhere(hostMode, live, room);
}

function inTerminal(live: Live, room: Room, env: NodeJS.ProcessEnv): HostPresence {
  const host = attachHost(room, env);
  const suspended = deferred<EndReason>();
  const stop = attend(live, room, {
    onClients: (clients) => {
      // Nothing would continue it: the shell does not know that a child of this process has stopped.
      if (clients.some((client) => client.pid === host.pid && client.suspended))
        suspended.resolve({ kind: 'host-suspended' });
    },
    onEnd: () => {},
  });
  return {
    arrived: host.arrived,
    looked: Promise.resolve(),
    gone: Promise.race([suspended.promise, host.gone.then(() => ({ kind: 'host-detached' }) as const)]),
    clients: () => hostClients(live, room),
    leave: async () => {
      stop();
      await host.detach();
    },
  };
}

/** With `elsewhere`, guests may come in only while a client is attached that is not a guest's and not suspended. */
function elsewhere(hostMode: HostMode, live: Live, room: Room): HostPresence {
  const arrived = deferred<void>();
  const gone = deferred<EndReason>();
  const looked = deferred<void>();
  let present = false;
  const look = (clients: readonly Client[]): void => {
    const mine = withoutGuests(live, clients);
    const here = mine.some(({ suspended }) => !suspended);
    if (here && !present) {
      present = true;
      setHostPresence(live.lease, true);
      arrived.resolve();
    } else if (!here && present && hostMode === 'elsewhere') {
      setHostPresence(live.lease, false);
      gone.resolve({ kind: mine.length > 0 ? 'host-suspended' : 'host-detached' });
    }
    looked.resolve();
  };
  const stop = attend(live, room, {
    onClients: look,
    onEnd: () => gone.resolve({ kind: 'session-ended' }),
  });
  return {
    arrived: arrived.promise,
    looked: Promise.race([looked.promise, gone.promise]),
    gone: gone.promise,
    clients: () => hostClients(live, room),
    leave: async () => stop(),
  };
}

/**
 * Stays in the room through an observer, and keeps the guests' clients in order, until the returned function is called.
 * @param onEnd called when the session has ended
 */
function attend(
  live: Live,
  room: Room,
  { onClients, onEnd }: { onClients: (clients: readonly Client[]) => void; onEnd: () => void },
): () => void {
  let left = false;
  let stop = (): void => {};
  const bound = boundBacklogs(live, room);
  const hold = holdGuests(live, room);
  const observe = async (): Promise<void> => {
    while (!left) {
      const observer = observeRoom(room, (clients) => {
        if (left) return;
        keepInOrder(live, room, clients);
        void bound(clients);
        void hold(clients);
        onClients(clients);
      });
      stop = observer.stop;
      await observer.ended;
      if (left) return;
      if (!(await hasSession(room))) return onEnd();
      // The host may have detached all other clients, and this one with them.
      await sleep(pause, undefined, { ref: false });
    }
  };
  void observe();
  return () => {
    left = true;
    stop();
  };
}

async function hostClients(live: Live, room: Room): Promise<Client[]> {
  return withoutGuests(live, await clientsOf(room));
}

/** Reads guests after clients: a guest who is a client by then had registered before. */
function withoutGuests(live: Live, clients: readonly Client[]): Client[] {
  const guests = guestPids(live.lease.folder);
  return clients.filter(({ pid }) => !guests.has(pid));
}
