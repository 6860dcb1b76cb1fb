import type { Deadline } from '../domain/deadline.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { Trouble } from '../domain/trouble.ts';
import type { OpenDoor } from '../entrance/open-door.ts';
import type { ShellGuard } from '../entrance/shell-guard.ts';
import type { Lease } from '../lease/lease.ts';
import type { WrittenLine } from '../lease/lines.ts';
import type { Room } from '../room/claim.ts';
import type { Resources } from '../system/resources.ts';
import type { Turns } from '../system/turns.ts';
import type { DeadMan } from './dead-man.ts';
import type { OtherWays } from './known-ways.ts';
import type { Roster } from './roster.ts';
import type { Sinks } from './sinks.ts';
import type { Life } from './state.ts';

/** A pairing from its first moment to its last: what its end needs, however far it came. */
export interface Pairing {
  /** With a private sshd, it gets another key file once that sshd is chosen. */
  lease: Lease;
  readonly startedAt: Date;
  readonly life: Life;
  readonly roster: Roster;
  readonly sinks: Sinks;
  /** Changed in deadline.ts alone. */
  deadline: Deadline;
  otherWays: OtherWays;
  readonly gateExisting: boolean;
  readonly forward: readonly number[] | 'any';
  /** What lets somebody in, besides the gate. Closed at the moment when the end begins. */
  readonly waysIn: Resources;
  /** Closed when no guest is in any more. */
  readonly opened: Resources;
  /** What would take access back in this process's place. Closed only if nothing is left to take back. */
  readonly safeguards: Resources;
  /** Changes of who may come in, and until when. The end waits for one that is under way. */
  readonly changes: Turns;
  /** Whether the room's session was started for this pairing, and the host has not been in it yet. */
  unseen: boolean;
}

/** A pairing that guests can join. */
export interface Live extends Pairing {
  readonly room: Room;
  readonly door: OpenDoor;
  readonly deadMan: DeadMan;
  /** Proves once more that guests reach the gate. */
  readonly shell: ShellGuard;
  /** The `expiry-time` to write for an epoch second; `undefined` if this sshd has no such option. */
  readonly expiryOf: (epoch: number) => string | undefined;
  /** The lines in the key file for those who may come in, as they were written. */
  lines: readonly WrittenLine[];
  readonly lookout: Lookout;
}

/** Checks whether everything that a pairing has put in place still stands. */
export interface Lookout {
  /** What has been taken away or does not do what it should, as of the last look. */
  readonly trouble: readonly Trouble[];
  /** Looks from now on, and reports what comes and goes. */
  start(): void;
  /** Looks now. */
  look(): void;
  /** What may make sshd accept a guest's key now, apart from key files; `undefined` if that can't be checked. */
  lastingWays(): Promise<readonly Obstacle[] | undefined>;
  /** Repairs what it can. @throws Refusal those of `grant`; `trouble-left` */
  repair(): Promise<void>;
  /** Resolves once no trial runs beside the pairing any more, soon after its end has begun. */
  stop(): Promise<void>;
}

/** Who is in, for the status line; who waits, with a question mark; and whether there is trouble. */
export function namesIn({ roster, lookout }: Live): string[] {
  return [...roster.names(), ...(lookout.trouble.length > 0 ? ['trouble!'] : [])];
}
