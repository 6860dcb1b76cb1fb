/** What is wanted of a pairing. */
import type { DoorKind } from './door-reason.ts';
import type { Access, NonEmpty, Reference } from './guest.ts';
import type { Jump } from './jump.ts';

export interface DoorIntent {
  readonly door: 'auto' | DoorKind;
  /** Of a running sshd, or for a private one; if absent, 22 and any. */
  readonly port?: number;
  /** The address that a private sshd listens on; if absent, all, or loopback with `via`. */
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
 * Where the host is while guests are in. `terminal`: in this terminal, which is attached. `elsewhere`: in a client
 * attached from anywhere, now or later; guests are in only while there is one. `nowhere`: nobody has to be there.
 */
export type HostMode = 'terminal' | 'elsewhere' | 'nowhere';

export interface PairIntent extends DoorIntent {
  readonly references: NonEmpty<Reference>;
  readonly access: Access;
  /** Seconds. */
  readonly ttl: number;
  readonly hostMode: HostMode;
  readonly session?: string;
  /** An existing session of the host's: its name, or `here` for the one that this program runs in. */
  readonly share?: { readonly name: string } | 'here';
  /** Seconds within which somebody has to join. */
  readonly joinTimeout?: number;
  /** Every join waits for the host's yes. */
  readonly approve: boolean;
  readonly tmux?: string;
  /** The key, after the prefix, of the host's menu; `over` if it was asked for by name. */
  readonly menuKey?: { readonly key: string; readonly over: boolean };
  /** Rings the host's terminals when somebody comes, leaves or asks. */
  readonly bell: boolean;
  readonly gateExisting: boolean;
  /** Puts the guest's line on the clipboard. */
  readonly copy: boolean;
  /** Asks no forge, and takes what is remembered. */
  readonly offline: boolean;
  /** Takes nothing remembered, whatever becomes of the forge. */
  readonly refresh: boolean;
  readonly acceptNewKeys: boolean;
  /** What runs in the session instead of the shell; empty for the shell. */
  readonly command: readonly string[];
}

export interface TrialIntent extends DoorIntent, Pick<PairIntent, 'menuKey'> {
  readonly tmux?: string;
}
