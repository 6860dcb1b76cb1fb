import type { Deadline } from '../domain/deadline.ts';
import type { Failure } from '../domain/failure.ts';
import type { Access, Guest, Label } from '../domain/guest.ts';
import type { Lease } from '../lease/lease.ts';
import type { Room } from '../room/room.ts';
import type { Restore } from '../room/share.ts';
import type { DeadMan } from './dead-man.ts';
import type { Event, Visit } from './events.ts';

/** A pairing while it lives: what it has opened so far, what its end has to close, and what may change meanwhile. */
export interface Live {
  readonly lease: Lease;
  readonly startedAt: Date;
  /** What to write as `expiry-time` for an epoch second; `undefined` where this sshd has no such option. */
  readonly expiryOf: (epoch: number) => string | undefined;
  readonly forward: readonly number[] | 'any';
  readonly gateExisting: boolean;
  readonly emit: (event: Event) => void;
  /** Tells an event to the host wherever they are: by {@link emit}, and in the room once they can be there. */
  tell: (event: Event) => void;
  deadline: Deadline;
  guests: readonly Guest[];
  /**
   * Who has been put out. Their labels name nobody else while this pairing lives: a connection that they hold open,
   * and that never ran the gate, would run it as whoever has the label by then.
   */
  readonly out: Set<Label>;
  /** Who is inside now, by the record of their gate. */
  readonly here: Map<string, Visit>;
  readonly past: Visit[];
  sshCommand: string;
  room?: Room;
  /** Whether the room's session was started for this pairing, and the host has not been in it yet. */
  unseen?: boolean;
  /** What leaves a shared session as it was. */
  restore?: Restore;
  deadMan?: DeadMan;
  /** Set once the end has begun. */
  ended?: Promise<Failure | undefined>;
}

/** The access that a guest joins with from now on; the least, for one that is none any more. */
export function accessOf(live: Live, label: string): Access {
  return live.guests.find((guest) => guest.label === label)?.access ?? 'read-only';
}
