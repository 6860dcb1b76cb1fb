/** Why a pairing ended. Its words are in `ui/end-words.ts`. */
import type { ShellBlock } from './shell-block.ts';

export type StopSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM';

export type EndReason =
  | { readonly kind: 'host-detached' }
  /** By `suspend-client` (Ctrl-b Ctrl-z): the host no longer sees what guests do. */
  | { readonly kind: 'host-suspended' }
  | { readonly kind: 'session-ended' }
  | { readonly kind: 'time-up' }
  /** The lease's folder was removed from outside: by hand, or by a sweep that took the supervisor for stuck. */
  | { readonly kind: 'taken-back' }
  | { readonly kind: 'stopped'; readonly signal: StopSignal }
  /** `tmuxpair stop`. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'nobody-joined' }
  /** A start-up file has changed: from now on guests would not reach the gate. */
  | { readonly kind: 'gate-not-reached'; readonly block: ShellBlock };

/** Whether the host is still in their session after such an end. */
export const hostStaysAfter: Readonly<Record<EndReason['kind'], boolean>> = {
  'host-detached': false,
  'host-suspended': false,
  'session-ended': true,
  'time-up': true,
  'taken-back': true,
  stopped: false,
  asked: true,
  'nobody-joined': true,
  'gate-not-reached': true,
};
