/** What is wanted of a pairing. */
import type { DoorKind } from './door-reason.ts';
import type { Access, NonEmpty, Reference } from './guest.ts';
import type { Jump } from './jump.ts';

export interface DoorIntent {
  readonly door: 'auto' | DoorKind;
  /** Of an sshd that runs, or for one of our own; 22, and any, where absent. */
  readonly port?: number;
  /** The address that a door of our own listens on: where absent all, or loopback with `via`. */
  readonly bind?: string;
  /** What the guest's line calls this machine. */
  readonly host?: string;
  readonly via?: Jump;
  /** Absolute. */
  readonly keyFile: string;
  /** Whether the host has named that file. */
  readonly keyFileNamed: boolean;
  readonly forward: readonly number[] | 'any';
}

/**
 * Where the host is while guests are in. `terminal`: in this terminal, which is attached. `elsewhere`: in a client that
 * is, or will be, attached from anywhere; guests are in only while one is. `nowhere`: nobody has to be there.
 */
export type HostMode = 'terminal' | 'elsewhere' | 'nowhere';

export interface PairIntent extends DoorIntent {
  readonly references: NonEmpty<Reference>;
  readonly access: Access;
  /** Seconds. */
  readonly ttl: number;
  readonly hostMode: HostMode;
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

export interface TrialIntent extends DoorIntent, Pick<PairIntent, 'menuKey'> {
  readonly tmux?: string;
}
