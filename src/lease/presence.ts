/** Who is at the gate, inside, or was refused, read from the files that gates make (see scripts.ts). */

import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Label } from '../domain/guest.ts';
import { inLease } from '../domain/lease-folder.ts';
import { type RefusalReason, refusalReasons } from '../domain/refusal-reason.ts';
import { namesIn } from '../system/names-in.ts';
import { signalGroup } from '../system/signal.ts';
import { commandOf, isRunning } from './process.ts';

/** One guest process, as its gate registered it in `in/`. */
export interface Presence {
  /** The name of its file: unique, and stable while it lives. */
  readonly record: string;
  readonly label: string;
  /** Which of the guest's keys, from 1. */
  readonly key: number;
  /** The gate's process, which is the guest's tmux client once they are inside. */
  readonly pid: number;
  readonly address: string;
  /** Whether they have passed the gate: it has become tmux. */
  readonly inside: boolean;
}

/**
 * The guests whose gate runs, or has become tmux. Removes a record once its process and its connection are gone. If a
 * connection has no process left, one record of it stays, since only that names the connection at the end.
 */
export function presences(folder: string): Presence[] {
  const living: Presence[] = [];
  const idle = new Set<string>();
  for (const record of recordsIn(folder) ?? []) {
    const { kind, parent, parentStart, start, ...presence } = parseRecord(record);
    if (isGroup(kind)) continue; // It goes with `forgetGroup`.
    if (isRunning(presence.pid, start)) {
      const inside = commandOf(presence.pid)?.includes('tmux') === true;
      if (kind === 'ssh') living.push({ ...presence, inside });
      continue;
    }
    if (isRunning(parent, parentStart) && !idle.has(`${parent}`)) idle.add(`${parent}`);
    else rmSync(inLease(folder, 'in', record), { force: true });
  }
  return living;
}

/** The processes of guests, those in airlocks included; some may have ended. */
export function guestPids(folder: string): ReadonlySet<number> {
  return new Set(namesIn(inLease(folder, 'in')).map((record) => parseRecord(record).pid));
}

/** The guests that wait for the host's yes. */
export function asking(folder: string): Presence[] {
  return namesIn(inLease(folder, 'ask')).flatMap((record) => {
    const { start, kind: _, parent: __, parentStart: ___, ...presence } = parseRecord(record);
    if (isRunning(presence.pid, start))
      return statOf(inLease(folder, 'ask', record)) === 0 ? [{ ...presence, inside: false }] : [];
    rmSync(inLease(folder, 'ask', record), { force: true });
    return [];
  });
}

/** The guests refused since the last call, and why. */
export function takeRefusals(folder: string): { readonly presence: Presence; readonly why: RefusalReason }[] {
  return namesIn(inLease(folder, 'refused')).flatMap((name) => {
    rmSync(inLease(folder, 'refused', name), { force: true });
    const cut = name.lastIndexOf(',');
    const why = refusalReasons.find((reason) => reason === name.slice(cut + 1));
    const { kind, start: _, parent: __, parentStart: ___, ...presence } = parseRecord(name.slice(0, cut));
    return why && kind === 'ssh' ? [{ presence: { ...presence, inside: false }, why }] : [];
  });
}

/**
 * The records of `before`, one per connection, that are gone from the folder although their connections live: somebody
 * may be removing the folder, file by file.
 */
export function vanished(before: readonly string[], now: readonly string[]): string[] {
  const known = new Set(now.map((record) => parseRecord(record).parent));
  return before.filter((record) => {
    const { parent, parentStart } = parseRecord(record);
    if (known.has(parent) || !isRunning(parent, parentStart)) return false;
    known.add(parent);
    return true;
  });
}

/** The label of a record's guest. */
export function labelOf(record: string): string {
  return parseRecord(record).label;
}

/** `again`: the same guest is already asking, from another connection. */
export type Answer = 'admit' | 'view' | 'refuse' | 'again';

/** Answers a guest that waits for the host's yes. The first answer counts. @returns whether this was the first */
export function answerAsk(folder: string, record: string, answer: Answer): boolean {
  const path = inLease(folder, 'ask', record);
  if (statOf(path) !== 0) return false;
  try {
    writeFileSync(path, `${answer}\n`, { flag: 'r+' });
    return true;
  } catch {
    return false; // The guest has gone.
  }
}

/** Records which guest is behind a connection of a private sshd, so `sever LABEL` ends it, too. */
export function nameConnection(folder: string, leader: number, label: Label): void {
  for (const record of recordsIn(folder) ?? []) {
    const nameless = `con,,,${leader},`;
    if (!record.startsWith(nameless)) continue;
    const named = `con,${label},,${leader},${record.slice(nameless.length)}`;
    renameSync(inLease(folder, 'in', record), inLease(folder, 'in', named));
  }
}

/**
 * Removes the record of a process group whose leader was this process's child and has ended. Kills what is left of the
 * group, for example if the leader was killed.
 */
export function forgetGroup(folder: string, leader: number): void {
  signalGroup(leader, 'SIGKILL');
  for (const record of recordsIn(folder) ?? []) {
    const { kind, pid } = parseRecord(record);
    if (isGroup(kind) && pid === leader) rmSync(inLease(folder, 'in', record), { force: true });
  }
}

/** A connection to a private sshd, or a tunnel: known by the leader of its process group. */
function isGroup(kind: string): boolean {
  return kind === 'con' || kind === 'tun';
}

export type ParsedRecord = ReturnType<typeof parseRecord>;

/** The fields of a record's name; see scripts.ts. */
export function parseRecord(record: string) {
  const [kind = '', label = '', key = '', parent = '', parentStart = '', pid = '', start = '', address = ''] =
    record.split(',');
  return {
    kind,
    record,
    label,
    key: Number(key),
    parent: Number(parent),
    parentStart,
    pid: Number(pid),
    start,
    address,
  };
}

function statOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** The names of all records; `undefined` if the lease's folder is gone. */
export function recordsIn(folder: string): string[] | undefined {
  try {
    return readdirSync(inLease(folder, 'in'));
  } catch {
    return undefined;
  }
}
