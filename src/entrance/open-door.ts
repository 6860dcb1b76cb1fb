/** A door that is open. */
import type { DoorKind, Route } from '../domain/door-reason.ts';
import type { Doubt } from '../domain/doubt.ts';
import type { Event } from '../domain/events.ts';
import type { Guest } from '../domain/guest.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { Trouble } from '../domain/trouble.ts';
import type { TunnelTrouble } from '../domain/tunnel-trouble.ts';
import type { KnownDoor } from './door-choice.ts';

/** Where a door is on this machine. */
export interface DoorPlace {
  readonly port: number;
  /** Whether a connection to that address of this machine's reaches it, as far as is known. */
  readonly listensOn: (address: string) => boolean;
  /** All of its addresses, if it does not listen on every one of this machine's, as far as is known. */
  readonly onlyAt?: readonly string[] | undefined;
}

export interface OpenDoor {
  readonly kind: DoorKind;
  /** On this machine. */
  readonly port: number;
  /** An address of this machine's at which it is reached from here. */
  readonly host: string;
  /** What a guest has to type now: a tunnel may move. Empty until it is known what the line calls this machine. */
  command(): string;
  /** Every such line, the likeliest first; none until it is known what they call this machine. */
  routes(): readonly Route[];
  /** What these lines call this machine; none if guests come through a jump host. */
  addresses(): readonly string[];
  /** What a guest and the host are told. Takes a while, and does not reject. */
  known(): Promise<KnownDoor>;
  /** Why the tunnel is down; `undefined` if it is up, or there is none. */
  tunnelTrouble(): TunnelTrouble | undefined;
  /** Tries at once to open a tunnel that is down. */
  retryTunnel(): void;
  /** From now on, reports events of the door and the tunnel to `hear`, which emits them. */
  listen(hear: (event: Event) => void): void;
  /**
   * Offers the keys of these guests, who are not let in yet, if sshd may accept keys in ways that are not known. Does
   * not reject.
   * @returns what to report
   */
  offer(guests: readonly Guest[]): Promise<readonly Doubt[]>;
  /** Watches what guests come through. */
  watch(watched: Watched): DoorWatch;
}

export interface DoorWatch {
  /** Looks, and begins a trial if one is due. @returns what is known so far */
  look(): readonly Trouble[];
  /** Tries it again. Does not reject. */
  again(): Promise<void>;
  /** Resolves once no trial is under way any more. */
  tried(): Promise<void>;
  /**
   * What may make sshd accept a guest's key now, whether or not there is a line of ours. Checked each time; may reject.
   */
  lastingWays(): Promise<readonly Obstacle[]>;
}

export interface Watched {
  readonly guests: () => readonly Guest[];
  readonly isOver: () => boolean;
}
