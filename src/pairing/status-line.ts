import type { Event } from '../domain/events.ts';
import { announce, flash } from '../room/announce.ts';
import { ringBell } from '../room/bell.ts';
import type { Room } from '../room/claim.ts';
import { showGuests } from '../room/room.ts';
import { type Live, namesIn } from './live.ts';
import type { Seat } from './seat.ts';
import { together } from './together.ts';
import type { World } from './world.ts';

export interface TellContext extends Pick<World, 'emit' | 'words'> {
  readonly room: Room;
  readonly host: Seat;
  /** Whether to ring the host's terminals. */
  readonly bell: boolean;
}

/** How long, in seconds, an event stands on a status line, and whether on the guests', too. */
function showing(event: Event): { readonly seconds: number; readonly guests: boolean } {
  switch (event.kind) {
    case 'asking':
      return { seconds: 10, guests: false };
    case 'host-attached':
      return { seconds: 6, guests: false };
    case 'access-ended':
    case 'login-ended':
    case 'login-refused':
    case 'trouble':
    case 'tunnel-down':
    case 'tunnel-up':
      return { seconds: 10, guests: false };
    case 'time-left':
      return { seconds: 5, guests: true };
    default:
      return { seconds: 4, guests: false };
  }
}

function changesNames({ kind }: Event): boolean {
  return /^(joined|left|trouble|trouble-over|tunnel-down|tunnel-up)$/.test(kind);
}

function rings({ kind }: Event): boolean {
  return kind === 'joined' || kind === 'left' || kind === 'asking' || kind === 'trouble';
}

/** Tells events to who runs this, and, one after the other, to the host inside tmux. */
export function teller(live: Live, { room, host, bell, emit, words }: TellContext): (event: Event) => void {
  let turn: Promise<void> = Promise.resolve();
  const textOf = together(() => performance.now());
  return (event) => {
    emit(event);
    const { seconds, guests } = showing(event);
    const show = async (): Promise<void> => {
      if (live.ended && !room.claim) {
        // A session of the host's own is left as it was: nothing may stay in it.
        const failed = event.kind === 'access-ended' && event.failed !== undefined;
        if (failed) await flash(room, await host.clients(), words(event), seconds);
        return;
      }
      if (event.kind === 'tunnel-down' || event.kind === 'tunnel-up') live.lookout?.look();
      if (changesNames(event)) await showGuests(room, namesIn(live));
      const mine = await host.clients();
      if (bell && rings(event)) await ringBell(mine);
      await announce(room, textOf(words(event), guests), {
        seconds,
        ...(guests ? {} : { pids: mine.map(({ pid }) => pid) }),
      });
    };
    turn = turn.then(show).catch(() => {}); // The room may be gone by now.
    live.told = turn;
  };
}
