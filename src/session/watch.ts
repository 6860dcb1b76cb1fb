import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { type Deadline, secondsLeft } from '../domain/deadline.ts';
import type { Access } from '../domain/guest.ts';
import { presences, recordsIn } from '../lease/presence.ts';
import { uptime } from '../lease/process.ts';
import type { Visit } from './events.ts';

export interface WatchOptions {
  /** The lease's folder. */
  readonly folder: string;
  readonly accessOf: (label: string) => Access;
  readonly deadline: () => Deadline;
  /** Seconds before the deadline at which to warn. */
  readonly warnings: readonly number[];
  readonly onJoin: (visit: Visit) => void;
  readonly onLeave: (visit: Visit) => void;
  readonly onWarning: (secondsLeft: number) => void;
  readonly onTimeUp: () => void;
  /** The lease's folder has been removed from outside. */
  readonly onGone: () => void;
}

export interface Watch {
  /** Looks once more. @returns the names of all records that there were at the last look that found the folder */
  look(): readonly string[];
  /** Looks no more. All stays that there were, those that last until now ended now. */
  stop(): readonly Visit[];
}

/** How often to look, in ms: a guest who leaves is told within half a second. */
const [whileGuests, otherwise] = [200, 1000];

/**
 * Watches the guests and the clocks of a pairing. Guests are seen by their processes, not by what tmux says of
 * its clients: a process can't go without being missed. Looks at short intervals rather than setting one timer
 * for the deadline, since timers stand still while a laptop sleeps.
 */
export function watchPairing(options: WatchOptions): Watch {
  const here = new Map<string, Visit>();
  const past: Visit[] = [];
  const warnings = [...options.warnings].sort((a, b) => b - a);
  let timer: NodeJS.Timeout | undefined;
  let registered: readonly string[] = [];
  let soon = false;
  let timeUp = false;
  let gone = false;

  const look = (): void => {
    const now = new Date();
    const records = recordsIn(options.folder);
    if (!records && !gone) options.onGone();
    gone = !records;
    registered = records ?? registered;
    const found = new Map(presences(options.folder).map((presence) => [presence.record, presence]));
    for (const [record, { label, address }] of found) {
      if (here.has(record)) continue;
      const visit = { label, access: options.accessOf(label), address, joinedAt: now };
      here.set(record, visit);
      options.onJoin(visit);
    }
    for (const [record, visit] of here) {
      if (found.has(record)) continue;
      const ended = { ...visit, leftAt: now };
      here.delete(record);
      past.push(ended);
      options.onLeave(ended);
    }
  };

  const tick = (): void => {
    clearTimeout(timer);
    soon = false;
    look();
    const left = secondsLeft(options.deadline(), { epoch: Date.now() / 1000, sinceBoot: uptime() });
    while (warnings[0] !== undefined && left <= warnings[0]) {
      const due = warnings.shift();
      if (left > 0 && (warnings[0] === undefined || left > warnings[0]))
        options.onWarning(Math.min(due ?? left, left));
    }
    if (left <= 0 && !timeUp) {
      timeUp = true;
      options.onTimeUp();
    }
    const wait = here.size > 0 ? whileGuests : otherwise;
    timer = setTimeout(tick, timeUp ? wait : Math.max(10, Math.min(wait, left * 1000)));
  };

  const arrivals = watchFolder(join(options.folder, 'in'), () => {
    if (soon) return; // Or else whoever knocks often enough would put the look, and with it the deadline, off for good.
    soon = true;
    clearTimeout(timer);
    timer = setTimeout(tick, 20); // The gate has registered; soon it is tmux.
  });
  tick();
  return {
    look: () => {
      look();
      return registered;
    },
    stop: () => {
      clearTimeout(timer);
      arrivals?.close();
      const now = new Date();
      return [...past, ...[...here.values()].map((visit) => ({ ...visit, leftAt: now }))];
    },
  };
}

/** Without inotify (none left, or a file system without it) the intervals have to do. */
function watchFolder(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onChange).on('error', () => {});
  } catch {
    return undefined;
  }
}
