import type { Access, NonEmpty, Reference } from '../domain/guest.ts';
import type { Menu } from '../room/menu-script.ts';
import type { DoorIntent } from './choose-door.ts';
import type { Entry } from './entry.ts';
import type { Event, Visit } from './events.ts';

/**
 * Where the host is while guests are in. `terminal`: in this terminal, which is attached. `elsewhere`: in a client that
 * is, or will be, attached from anywhere; guests are in only while one is. `nowhere`: nobody has to be there.
 */
export type HostSeat = 'terminal' | 'elsewhere' | 'nowhere';

export interface PairIntent extends DoorIntent {
  readonly references: NonEmpty<Reference>;
  readonly access: Access;
  /** Seconds. */
  readonly ttl: number;
  readonly seat: HostSeat;
  readonly session?: string;
  /** A session that the host has already: its name, or `here` for the one that this program runs in. */
  readonly share?: { readonly name: string } | 'here';
  /** Seconds within which somebody has to join. */
  readonly joinTimeout?: number;
  /** Every join waits for the host's yes. */
  readonly approve: boolean;
  readonly tmux?: string;
  /** The key, after the prefix, of the host's menu; `over` where it was asked for by name. */
  readonly menuKey?: { readonly key: string; readonly over: boolean };
  /** Rings the host's terminals when somebody comes, leaves or asks. */
  readonly bell: boolean;
  readonly gateExisting: boolean;
  /** Puts the guest's line on the clipboard. */
  readonly copy: boolean;
  /** Ask no forge: take what is remembered. */
  readonly offline: boolean;
  /** Take nothing remembered, whatever becomes of the forge. */
  readonly refresh: boolean;
  readonly acceptNewKeys: boolean;
  /** What runs in the session instead of the shell; empty for the shell. */
  readonly command: readonly string[];
}

/** What stands in the menus that the host gets inside tmux. */
export interface Menus {
  /** About somebody who waits at the gate. Its values are `Answer`s, and `later`. */
  readonly approval: (visit: Visit) => Menu;
  /** The pairing. Its values are {@link PairingAction}s, and the number of a guest from 1. */
  readonly pairing: (pairing: Entry) => Menu;
  /** One guest. Its values are {@link GuestAction}s. */
  readonly guest: (guest: Entry['guests'][number]) => Menu;
  /** Whether the pairing is to end. Its values are `yes` and `no`. */
  readonly end: Menu;
}

export type PairingAction = 'repair' | 'extend' | 'line' | 'end';
export type GuestAction = 'look' | 'type' | 'kick';

/** What a pairing has of the world around it. */
export interface World {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The size of a new session: this terminal's, where there is one. */
  readonly size: { readonly columns: number; readonly rows: number };
  /** Whether the host can be put into tmux here. */
  readonly hasTerminal: boolean;
  /** Puts a question to the host; absent where nobody can answer. */
  readonly ask?: (event: Event) => Promise<boolean>;
  readonly stop: AbortSignal;
  readonly emit: (event: Event) => void;
  /** The words of an event, for the status line of the room. */
  readonly words: (event: Event) => string;
  readonly menus: Menus;
  /** The command that runs this program. */
  readonly self: readonly string[];
}
