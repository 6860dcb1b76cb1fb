/** The record of pairings: who was invited, who was in, from where, and how it ended. */

import type { EndReason } from '../domain/end-reason.ts';
import type { Event, Visit } from '../domain/events.ts';
import { type Failure, refuse } from '../domain/failure.ts';
import type { Guest } from '../domain/guest.ts';
import { jsonLine } from '../domain/text.ts';
import { Turns } from '../system/turns.ts';
import { appendToLog, LogTrouble, readLog } from './log-file.ts';
import { type Happening, type LogLine, lineFrom } from './log-line.ts';

export interface Log {
  hear(event: Event): void;
  /** Records the end, and waits for everything to be written. */
  ended(reason: EndReason | { readonly kind: 'failed' }, failure?: Failure): Promise<void>;
}

/** Keeps a line below 4 kB. */
const mostFingerprints = 50;
/**
 * How many lines of one guest's joins and leaves. Nobody may push the rest out of the log by coming again and again.
 */
const mostVisits = 400;

/**
 * Opens the log of a pairing. Trouble with it is reported once.
 * @param neverIn the guests who have logged in and were never in
 */
export function openLog(
  env: NodeJS.ProcessEnv,
  { id, neverIn }: { readonly id: string; readonly neverIn: () => readonly string[] },
  tell: (event: Event) => void,
): Log {
  const references = new Map<string, string>();
  const visits = new Map<string, number>();
  let omitted = 0;
  let told = false;
  const turns = new Turns();

  const warn = (error: unknown): void => {
    const [path, problem] = error instanceof LogTrouble ? [error.path, error.message] : ['', String(error)];
    if (!told) tell({ kind: 'log-failed', path, problem });
    told = true;
  };
  const write = (...happenings: readonly Happening[]): void => {
    const at = new Date();
    if (happenings.length === 0) return;
    turns.take(() => append(env, id, at, happenings)).catch(warn);
  };
  const who = (label: string) => ({ guest: label, reference: references.get(label) ?? '' });
  const invited = (guests: readonly Guest[]): Happening[] =>
    guests.map(({ label, reference, access, keys }) => {
      references.set(label, reference.text);
      const fingerprints = keys.slice(0, mostFingerprints).map(({ fingerprint }) => fingerprint);
      return { event: 'invited', ...who(label), access, fingerprints };
    });
  const visit = (event: 'joined' | 'left', { label, access, address, fingerprint }: Visit): void => {
    const count = (visits.get(label) ?? 0) + 1;
    visits.set(label, count);
    if (count > mostVisits) omitted += 1;
    else write({ event, ...who(label), access, address, fingerprint });
  };

  return {
    hear: (event) => {
      switch (event.kind) {
        case 'invited': {
          const { guests, until, entry } = event.invitation;
          const started = {
            event: 'started',
            session: entry.session,
            deadline: until.toISOString(),
          } as const;
          return write(started, ...invited(guests));
        }
        case 'invited-more':
          return write(...invited(event.guests));
        case 'joined':
        case 'left':
          return visit(event.kind, event.visit);
        case 'refused':
          return write({ event: 'refused', ...who(event.label), address: event.address, why: event.why });
        case 'login-ended': {
          const { label, address, fingerprint, why } = event;
          return write({ event: 'login-ended', ...who(label), address, fingerprint, why });
        }
        case 'login-refused':
          return write({ event: 'login-refused', address: event.address, why: event.why });
        case 'kicked':
          return write({ event: 'kicked', ...who(event.label) });
        case 'access-changed':
          return write({ event: 'access', ...who(event.label), access: event.access });
        case 'extended':
          return write({ event: 'extended', deadline: event.deadline.toISOString() });
      }
    },
    ended: (reason, failure) => {
      write({
        event: 'ended',
        reason: reason.kind,
        ...(reason.kind === 'stopped' && { signal: reason.signal }),
        ...(failure && { failure: failure.kind }),
        ...(neverIn().length > 0 && { neverIn: neverIn() }),
        ...(omitted > 0 && { omitted }),
      });
      return turns.settled;
    },
  };
}

/** Records pairings that were taken back after their supervisors had died, if that can be done. */
export async function recordSwept(env: NodeJS.ProcessEnv, ids: readonly string[]): Promise<void> {
  // See above.
  for (const id of ids) await append(env, id, new Date(), [{ event: 'swept' }]).catch(() => {});
}

/**
 * The lines of the log since a time, the oldest first. Skips everything else.
 * @throws Refusal `log-refused`
 */
export function linesSince(env: NodeJS.ProcessEnv, since?: Date): LogLine[] {
  const from = since?.getTime() ?? Number.NEGATIVE_INFINITY;
  try {
    return readLog(env).flatMap((text) => {
      const line = lineFrom(text);
      return line && Date.parse(line.at) >= from ? [line] : [];
    });
  } catch (error) {
    if (!(error instanceof LogTrouble)) throw error;
    return refuse({ kind: 'log-refused', path: error.path, problem: error.message });
  }
}

async function append(
  env: NodeJS.ProcessEnv,
  pairing: string,
  at: Date,
  happenings: readonly Happening[],
): Promise<void> {
  for (const happening of happenings) {
    const line: LogLine = { v: 1, at: at.toISOString(), pairing, ...happening };
    await appendToLog(env, jsonLine(line));
  }
}
