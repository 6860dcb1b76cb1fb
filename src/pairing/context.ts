import type { Event, Visit } from '../domain/events.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import type { Menu } from '../room/menu-script.ts';
import type { Live } from './live.ts';

/** The menus that the host gets inside tmux. */
export interface Menus {
  /** About a guest who waits at the gate. Its values are `Answer`s, and `later`. */
  readonly approval: (visit: Visit) => Menu;
  /** About the pairing. Its values are {@link PairingAction}s, and the number of a guest, from 1. */
  readonly pairing: (pairing: PairingInfo) => Menu;
  /** About one guest. Its values are {@link GuestAction}s. */
  readonly guest: (guest: PairingInfo['guests'][number]) => Menu;
  /** Whether to end the pairing. Its values are `yes` and `no`. */
  readonly end: Menu;
}

export type PairingAction = 'repair' | 'extend' | 'line' | 'end';
export type GuestAction = 'look' | 'type' | 'kick';

/** What other commands ask of a pairing for the host, besides changes. */
export interface HostRequests {
  /** Ends it; resolves when it has ended. @throws Refusal if not everything could be taken back */
  readonly stop: () => Promise<void>;
  /** Shows the menu on the client with this process id, if it is the host's. */
  readonly openMenu: (client: number) => void;
  /** The words of an event. */
  readonly words: (event: Event) => string;
}

/** What a pairing gets from the world around it. */
export interface PairingContext {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The size of a new session: this terminal's, if there is one. */
  readonly size: { readonly columns: number; readonly rows: number };
  /** Whether tmux can be attached to a terminal here. */
  readonly hasTerminal: boolean;
  /** Asks the host a question; absent if nobody can answer. */
  readonly ask?: (event: Event) => Promise<boolean>;
  readonly stop: AbortSignal;
  readonly emit: (event: Event) => void;
  /** The words of an event, for the status line of the room. */
  readonly words: (event: Event) => string;
  readonly menus: Menus;
  /** Lets other commands talk to the pairing from now on. */
  readonly serve: (live: Live, requests: HostRequests) => Promise<{ close(): Promise<void> }>;
  /** The command that runs this program. */
  readonly self: readonly string[];
}
