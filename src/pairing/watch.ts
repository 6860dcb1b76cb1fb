import { warningsFor } from '../domain/deadline.ts';
import type { EndReason } from '../domain/end-reason.ts';
import type { Visit } from '../domain/events.ts';
import { inLease } from '../domain/lease-folder.ts';
import { type Presence, presences, recordsIn, takeRefusals, vanished } from '../lease/presence.ts';
import { deferred } from '../system/deferred.ts';
import { watchFolder } from '../system/watch-folder.ts';
import { timeLeft } from './deadline.ts';
import type { Live } from './live.ts';

export interface Watch {
  /** Resolves when the deadline has passed, or the lease's folder has been removed from outside. */
  readonly over: Promise<EndReason>;
  /** Looks once more. @returns the record names of all connections that existed at the last look */
  look(): readonly string[];
  /** Stops looking; guests who were inside until now leave now. */
  stop(): void;
}

/**
 * How long, in ms, further refusals of a guest for the same reason are not reported: a retrying client must not flood
 * the status line.
 */
const silence = 60_000;

/** How often to look, in ms: a guest who comes or leaves is reported within half a second. */
const [whileGuests, otherwise] = [200, 1000];

/**
 * Watches the guests and the clocks of a pairing, and keeps the roster's visits. Guests are seen by their processes,
 * not by what tmux says of its clients: a process can't end unnoticed. Looks at short intervals instead of setting one
 * timer for the deadline, since timers stand still while a laptop sleeps.
 */
export function watchPairing(live: Live): Watch {
  const { folder } = live.lease;
  const tell = live.sinks.emit;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let soon = false;
  /** Seconds left at the last look: a warning is due if it was ahead then and is not now. */
  let before = Number.POSITIVE_INFINITY;
  let registered: readonly string[] = [];
  /** When a guest's refusal for a reason was last reported. */
  const told = new Map<string, number>();
  const over = deferred<EndReason>();

  const enter = (presence: Presence): void => {
    const visit = visitOf(live, presence);
    live.roster.enter(presence.record, visit);
    tell({ kind: 'joined', visit });
  };

  /** @returns whether anybody is in, or on their way in */
  const look = (): boolean => {
    const records = recordsIn(folder);
    if (!records) over.resolve({ kind: 'taken-back' });
    if (records) registered = [...records, ...vanished(registered, records)];
    const found = new Map(presences(folder).map((presence) => [presence.record, presence]));
    for (const { label } of found.values()) live.roster.noteLogin(label);
    for (const [record, presence] of found)
      if (presence.inside && !live.roster.connected.has(record)) enter(presence);
    for (const [record, visit] of live.roster.connected) if (!found.has(record)) leave(live, record, visit);
    for (const { presence, why } of takeRefusals(folder)) {
      const { label, address } = presence;
      live.roster.noteLogin(label);
      if (Date.now() - (told.get(`${label} ${why}`) ?? 0) < silence) continue;
      told.set(`${label} ${why}`, Date.now());
      tell({ kind: 'refused', label, address, why });
    }
    return found.size > 0;
  };

  const clock = (): number => {
    const left = timeLeft(live);
    const total = live.deadline.epoch - live.startedAt.getTime() / 1000;
    const due = warningsFor(total).some((seconds) => before > seconds && left <= seconds);
    if (due && left > 0) tell({ kind: 'time-left', seconds: Math.max(1, Math.round(left)) });
    before = left;
    if (left <= 0) over.resolve({ kind: 'time-up' });
    return left;
  };

  const tick = (): void => {
    clearTimeout(timer);
    soon = false;
    if (stopped) return;
    const left = clock(); // First: if time is up, that is why access was taken back.
    const wait = look() ? whileGuests : otherwise;
    timer = setTimeout(tick, left > 0 ? Math.max(10, Math.min(wait, left * 1000)) : wait);
  };
  const lookSoon = (): void => {
    if (soon) return; // Never re-arm a pending look: reconnecting in a loop would postpone it, and the deadline, forever.
    soon = true;
    clearTimeout(timer);
    timer = setTimeout(tick, 20); // The gate has registered, and soon becomes tmux.
  };
  const watchers = (['in', 'refused'] as const).map((name) => watchFolder(inLease(folder, name), lookSoon));
  tick();
  return {
    over: over.promise,
    look: () => {
      look();
      return registered;
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      for (const watcher of watchers) watcher?.close();
      for (const [record, visit] of live.roster.connected) leave(live, record, visit);
    },
  };
}

/** The visit of a guest who is at the gate, or past it, now. */
export function visitOf(live: Live, { record, label, key, pid, address }: Presence): Visit {
  const guest = live.roster.guests.find((other) => other.label === label);
  const fingerprint = guest?.keys[key - 1]?.fingerprint ?? '';
  const access = live.roster.accessAt(record, label);
  return { label, access, address, fingerprint, key, pid, joinedAt: new Date() };
}

function leave(live: Live, record: string, visit: Visit): void {
  live.sinks.emit({ kind: 'left', visit: live.roster.leave(record, visit) });
}
