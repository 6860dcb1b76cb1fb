import type { Deadline } from '../domain/deadline.ts';
import type { Event, Visit } from '../domain/events.ts';
import type { Failure } from '../domain/failure.ts';
import type { Access, Guest, Label } from '../domain/guest.ts';
import type { Trouble } from '../domain/trouble.ts';
import type { OpenDoor } from '../entrance/open-door.ts';
import type { ShellGuard } from '../entrance/shell-guard.ts';
import type { Lease } from '../lease/lease.ts';
import type { WrittenLine } from '../lease/lines.ts';
import type { Room } from '../room/claim.ts';
import type { DeadMan } from './dead-man.ts';
import type { OtherWays } from './ways-in.ts';

export interface Lookout {
  /** Looks now; {@link Live.trouble} is then what there is. */
  look(): void;
  /** Puts right what can be. @throws Refusal those of `grant`; `trouble-left` */
  repair(): Promise<void>;
  stop(): void;
  /** Resolves once nothing is tried beside the pairing any more: soon after its end has begun. */
  tried(): Promise<void>;
}

/** A pairing while it lives: what it has opened so far, what its end has to close, and what may change meanwhile. */
export interface Live {
  lease: Lease;
  readonly startedAt: Date;
  /** What to write as `expiry-time` for an epoch second; `undefined` where this sshd has no such option. */
  expiryOf: (epoch: number) => string | undefined;
  readonly forward: readonly number[] | 'any';
  readonly gateExisting: boolean;
  /** Tells whoever runs the pairing, and, once there is a host, them. */
  emit: (event: Event) => void;
  deadline: Deadline;
  guests: readonly Guest[];
  /** What stands in the key file for those who may come in, as it was written. */
  lines: readonly WrittenLine[];
  /** What was taken away meanwhile, or does not do what it should, as it was at the last look. */
  trouble: readonly Trouble[];
  /** Looks whether there is trouble, now; and puts right what can be. */
  lookout?: Lookout;
  /**
   * Who has been put out. Their labels name nobody else while this pairing lives: a connection that they hold open,
   * and that never ran the gate, would run it as whoever has the label by then.
   */
  readonly out: Set<Label>;
  /** Who has logged in, as far as that can be seen, whether or not they came in; of the system's sshd, who came to the gate. */
  readonly loggedIn: Set<string>;
  /** In whose terminal another program ran than the gate, as far as that can be seen, and for how many seconds at most. */
  readonly astray: Map<string, number>;
  /** The guests that {@link out} names, with their keys. */
  kicked: readonly Guest[];
  otherWays: OtherWays;
  /** Who is inside now, by the record of their gate. */
  readonly here: Map<string, Visit>;
  readonly past: Visit[];
  /** Who waits for the host's yes. */
  waiting: readonly Visit[];
  /** Those, by the record of their gate, that the host has let in to look, whatever their access. */
  readonly onlyLooking: Set<string>;
  /** Shows the host's menu on the client with this process id, where it is the host's. */
  openMenu?: (client: number) => void;
  /** Settles with the last of the changes that take turns (see {@link inTurn}). */
  changes: Promise<void>;
  /** Settles when the host has been told, inside tmux, of all that has happened. */
  told: Promise<void>;
  /** What ends the ways in: each at once, and without failing. */
  readonly closing: (() => void)[];
  door?: OpenDoor;
  room?: Room;
  /** Whether the room's session was started for this pairing, and the host has not been in it yet. */
  unseen?: boolean;
  deadMan?: DeadMan;
  /** Set before the first line is written: from then on there may be some to be taken back. */
  mayHaveLines?: boolean;
  /** Has it proven once more that guests come to the gate. */
  shell?: ShellGuard;
  /** Settles when what the last trial of the login shell has started is gone. */
  probed?: Promise<void>;
  /** Set once the end has begun. */
  ended?: Promise<Failure | undefined>;
}

/** The access that a guest joins with from now on; the least, for one that is none any more. */
export function accessOf(live: Live, label: string): Access {
  return live.guests.find((guest) => guest.label === label)?.access ?? 'read-only';
}

/** Who has logged in, as far as that can be seen, and was never in. */
export function neverIn({ loggedIn, here, past }: Live): string[] {
  const been = new Set([...here.values(), ...past].map(({ label }) => label));
  return [...loggedIn].filter((label) => !been.has(label));
}

/** Who is in, for the status line; with a question mark, who would be; and that there is trouble. */
export function namesIn({ here, waiting, trouble }: Live): string[] {
  const names = (visits: Iterable<Visit>): Set<string> => new Set([...visits].map(({ label }) => label));
  return [
    ...names(here.values()),
    ...[...names(waiting)].map((label) => `${label}?`),
    ...(trouble.length > 0 ? ['trouble!'] : []),
  ];
}

/** Makes a change when the ones before it are done. The end of the pairing waits for it. */
export function inTurn<T>(live: Live, change: () => Promise<T>): Promise<T> {
  const made = live.changes.then(change);
  live.changes = made.then(
    () => {},
    () => {},
  );
  return made;
}
