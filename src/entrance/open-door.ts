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
  /** Whether whoever connects to that address of this machine's comes to it, as far as is known. */
  readonly listensOn: (address: string) => boolean;
  /** All of its addresses, where it does not listen on every one of this machine's, as far as is known. */
  readonly onlyAt?: readonly string[] | undefined;
}

export interface OpenDoor {
  readonly kind: DoorKind;
  /** On this machine. */
  readonly port: number;
  /** An address of this machine's by which it is reached from here. */
  readonly host: string;
  /** What a guest has to type now: a tunnel may have to move. Empty before it is known what the line calls this machine. */
  command(): string;
  /** Every such line, the likeliest first; none before it is known what they call this machine. */
  routes(): readonly Route[];
  /** What these lines call this machine; none where guests come by a jump host. */
  addresses(): readonly string[];
  /** What a guest is to be told, and the host: takes a while, and does not reject. */
  known(): Promise<KnownDoor>;
  /** Why the tunnel is down; `undefined` where it is up, or there is none. */
  tunnelTrouble(): TunnelTrouble | undefined;
  /** Tries at once to open a tunnel that is down. */
  retryTunnel(): void;
  /** Has what becomes of the door and the tunnel from now on told to `hear`, which emits it. */
  listen(hear: (event: Event) => void): void;
  /**
   * Has these guests' keys offered, who are not let in yet, where sshd may accept keys by ways that are not known. Does not
   * reject. @returns what is to be said of it
   */
  offer(guests: readonly Guest[]): Promise<readonly Doubt[]>;
  /** Looks after what guests come through. */
  watch(watched: Watched): DoorWatch;
}

export interface DoorWatch {
  /** Looks, and begins to try it if that is due. @returns what is known by now */
  look(): readonly Trouble[];
  /** Tries it anew. Does not reject. */
  again(): Promise<void>;
  /** Resolves once nothing is tried any more. */
  tried(): Promise<void>;
  /** By what sshd may accept a guest's key now, whether or not there is a line of ours. Looked at anew; may reject. */
  lastingWays(): Promise<readonly Obstacle[]>;
}

export interface Watched {
  readonly guests: () => readonly Guest[];
  readonly isOver: () => boolean;
}
