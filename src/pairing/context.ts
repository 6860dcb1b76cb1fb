import type { Event, Visit } from '../domain/events.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import type { Menu } from '../room/menu-script.ts';
import type { Live } from './live.ts';

/** What stands in the menus that the host gets inside tmux. */
export interface Menus {
  /** About somebody who waits at the gate. Its values are `Answer`s, and `later`. */
  readonly approval: (visit: Visit) => Menu;
  /** The pairing. Its values are {@link PairingAction}s, and the number of a guest from 1. */
  readonly pairing: (pairing: PairingInfo) => Menu;
  /** One guest. Its values are {@link GuestAction}s. */
  readonly guest: (guest: PairingInfo['guests'][number]) => Menu;
  /** Whether the pairing is to end. Its values are `yes` and `no`. */
  readonly end: Menu;
}

export type PairingAction = 'repair' | 'extend' | 'line' | 'end';
export type GuestAction = 'look' | 'type' | 'kick';

/** What the host asks of a pairing by other commands, besides changes. */
export interface HostRequests {
  /** Ends it: resolves when it has ended. @throws Refusal if not all could be taken back */
  readonly stop: () => Promise<void>;
  /** Shows the menu on the client with this process id, if it is the host's. */
  readonly openMenu: (client: number) => void;
  /** The words of an event. */
  readonly words: (event: Event) => string;
}

/** What a pairing has of the world around it. */
export interface PairingContext {
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
  /** Has the pairing spoken to by other commands from now on. */
  readonly serve: (live: Live, requests: HostRequests) => Promise<{ close(): Promise<void> }>;
  /** The command that runs this program. */
  readonly self: readonly string[];
}
