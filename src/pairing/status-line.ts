import type { Event } from '../domain/events.ts';
import { announce, flash } from '../room/announce.ts';
import { ringBell } from '../room/bell.ts';
import { showGuests } from '../room/status-segment.ts';
import { Turns } from '../system/turns.ts';
import type { PairingContext } from './context.ts';
import type { HostPresence } from './host-presence.ts';
import { type Live, namesIn } from './live.ts';
import type { Sink } from './sinks.ts';
import { together } from './together.ts';

interface StatusContext extends Pick<PairingContext, 'words'> {
  readonly host: HostPresence;
  /** Whether to ring the host's terminals. */
  readonly bell: boolean;
}

/**
 * How long, in seconds, an event stays on a status line, and whether on the guests', too; `undefined` if it is not
 * shown.
 */
function showing(event: Event): { readonly seconds: number; readonly guests: boolean } | undefined {
  switch (event.kind) {
    // Reported where the pairing was started, before there is a status line or when it is left.
    case 'invited':
    case 'ended':
    case 'log-failed':
      return undefined;
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

/** Shows the host events inside tmux, one after the other. */
export function statusLine(live: Live, { host, bell, words }: StatusContext): Required<Sink> {
  const { room } = live;
  const turns = new Turns();
  const textOf = together(() => performance.now());
  const show = async (event: Event, seconds: number, guests: boolean): Promise<void> => {
    if (live.life.isOver && !room.claim) {
      // A session of the host's own is left as it was: nothing of ours may stay in it.
      const failed = event.kind === 'access-ended' && event.failed !== undefined;
      if (failed) await flash(room, await host.clients(), words(event), seconds);
      return;
    }
    if (event.kind === 'tunnel-down' || event.kind === 'tunnel-up') live.lookout.look();
    if (changesNames(event)) await showGuests(room, namesIn(live));
    const mine = await host.clients();
    if (bell && rings(event)) await ringBell(mine);
    await announce(room, textOf(words(event), guests), {
      seconds,
      ...(guests ? {} : { pids: mine.map(({ pid }) => pid) }),
    });
  };
  return {
    hear: (event) => {
      const how = showing(event);
      if (how) turns.take(() => show(event, how.seconds, how.guests)).catch(() => {}); // The room may be gone by now.
    },
    settled: () => turns.settled,
  };
}
