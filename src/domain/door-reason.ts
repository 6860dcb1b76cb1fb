/** Which sshd guests come through, why, and by which lines. */
import type { Doubt } from './doubt.ts';
import type { Failure } from './failure.ts';
import type { Obstacle } from './obstacle.ts';
import type { ShellBlock } from './shell-block.ts';

/** This machine's own, or one that is started for the pairing alone. */
export type DoorKind = 'system' | 'private';

/**
 * Why this door: it was asked for; an sshd answers, with the known obstacles; none answers; one answers that will not
 * do.
 */
export type DoorReason =
  /** Ports are forwarded, which a private sshd closes at the end; with `bar`, a private one would let nobody in. */
  | { readonly kind: 'forward'; readonly bar?: PrivateDoorBar }
  | { readonly kind: 'asked' }
  | { readonly kind: 'answers' }
  /** Not all of its settings are known, but a trial login got in. */
  | { readonly kind: 'tried'; readonly doubts: readonly Doubt[] }
  /** None answers on this port. One that runs on another is taken all the same. */
  | { readonly kind: 'silent'; readonly port: number }
  /** The account's `authorized_keys` file can't be written. */
  | { readonly kind: 'key-file'; readonly failure: Failure }
  /** None answers, and a private sshd could make no terminals. */
  | { readonly kind: 'none'; readonly port: number; readonly mend: string }
  | { readonly kind: 'obstacles'; readonly port: number; readonly obstacles: readonly Obstacle[] }
  | { readonly kind: 'unproven'; readonly port: number; readonly doubts: readonly Doubt[] }
  /** What the login shell reads keeps guests of this machine's sshd from the gate. */
  | { readonly kind: 'shell'; readonly port: number; readonly block: ShellBlock };

/** A line by which guests can come, and who can use it. */
export interface Route {
  readonly reach: Reach;
  readonly command: string;
}

/**
 * Who can use an address: somebody for whom the host has named it, who is on the tailnet or in the same network, or who
 * has the internet.
 */
export type Reach = 'named' | 'internet' | 'tailnet' | 'network' | 'jump';

/** Why a private sshd would let nobody in. */
export type PrivateDoorBar = Extract<Failure, { kind: 'no-terminals' | 'account-refused' | 'no-logins' }>;
