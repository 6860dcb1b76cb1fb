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
import type { Roster } from './roster.ts';
import type { Sinks } from './sinks.ts';
import type { Life } from './state.ts';
import type { OtherWays } from './ways-in.ts';

/** A pairing from its first instant to its last: what its end needs, however far it came. */
export interface Pairing {
  /** A private door's has another key file once that door is chosen. */
  lease: Lease;
  readonly startedAt: Date;
  readonly life: Life;
  readonly roster: Roster;
  readonly sinks: Sinks;
  /** Moved by `moveDeadline` alone. */
  deadline: Deadline;
  otherWays: OtherWays;
  readonly gateExisting: boolean;
  readonly forward: readonly number[] | 'any';
  /** What lets somebody in, besides the gate: closed at the instant at which the end begins. */
  readonly waysIn: Resources;
  /** What is closed when no guest is in any more. */
  readonly opened: Resources;
  /** What would take access back in this process's place: closed only if nothing is left to be taken back. */
  readonly safeguards: Resources;
  /** Changes of who may come in, and until when. The end waits for the one that is under way. */
  readonly changes: Turns;
  /** Whether the room's session was started for this pairing, and the host has not been in it yet. */
  unseen: boolean;
}

/** A pairing that guests can come to. */
export interface Live extends Pairing {
  readonly room: Room;
  readonly door: OpenDoor;
  readonly deadMan: DeadMan;
  /** Has it proven once more that guests come to the gate. */
  readonly shell: ShellGuard;
  /** What to write as `expiry-time` for an epoch second; `undefined` where this sshd has no such option. */
  readonly expiryOf: (epoch: number) => string | undefined;
  /** What stands in the key file for those who may come in, as it was written. */
  lines: readonly WrittenLine[];
  readonly lookout: Lookout;
}

/** Looks whether all that a pairing has put in its place still stands. */
export interface Lookout {
  /** What was taken away meanwhile, or does not do what it should, as it was at the last look. */
  readonly trouble: readonly Trouble[];
  /** Looks from now on, and tells of what comes and goes. */
  start(): void;
  /** Looks now. */
  look(): void;
  /** By what sshd may accept a guest's key now, files of keys aside; `undefined` if that can't be looked at. */
  lastingWays(): Promise<readonly Obstacle[] | undefined>;
  /** Puts right what can be. @throws Refusal those of `grant`; `trouble-left` */
  repair(): Promise<void>;
  /** Resolves once nothing is tried beside the pairing any more: soon after its end has begun. */
  stop(): Promise<void>;
}

/** Who is in, for the status line; with a question mark, who would be; and that there is trouble. */
export function namesIn({ roster, lookout }: Live): string[] {
  return [...roster.names(), ...(lookout.trouble.length > 0 ? ['trouble!'] : [])];
}
