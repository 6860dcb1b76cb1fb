import type { Failure } from './failure.ts';

/** What is not known of the sshd that guests come through, or what was seen when it was tried. */
export type Doubt =
  /** Another server greets there, e.g. as `SSH-2.0-Go`. */
  | { readonly kind: 'other-server'; readonly greeting: string }
  /** Something listens there, but does not greet as an sshd does. */
  | { readonly kind: 'no-greeting' }
  /** It refuses connections from this machine for a while; `said` is its word for that, if it has one. */
  | { readonly kind: 'refusing'; readonly said: string }
  /** Its settings can't be read. */
  | { readonly kind: 'settings-unread' }
  /** No such process is seen: the settings are those of an sshd started without arguments. */
  | { readonly kind: 'settings-assumed'; readonly configFile: string }
  /** Its configuration has changed since it read it, as far as is known: it may run with other settings. */
  | { readonly kind: 'settings-stale'; readonly configFile: string }
  /**
   * These files, or PAM modules, may set variables that make the login shell read other start-up files than were tried.
   */
  | { readonly kind: 'environment-unsure'; readonly causes: readonly string[] }
  /** A guest's own ssh may set these variables, which shells or the linker obey. */
  | { readonly kind: 'environment-taken'; readonly names: readonly string[] }
  /** It listens on these addresses, which nobody can reach from another machine. */
  | { readonly kind: 'loopback-only'; readonly addresses: readonly string[] }
  /** It listens on none of these addresses, the only ones at which another machine could reach this one. */
  | { readonly kind: 'reached-nowhere'; readonly addresses: readonly string[] }
  /** A trial login did not get in. */
  | { readonly kind: 'login-failed'; readonly said: string; readonly type: string }
  /** It would accept a key of this guest's by itself: there is a way in other than the gate. */
  | { readonly kind: 'key-accepted'; readonly guest: string }
  /** A trial login could not be made. */
  | { readonly kind: 'login-untried'; readonly failure: Failure }
  /** It can't be tried whether it accepts keys of these types: security keys make them. */
  | { readonly kind: 'types-untried'; readonly types: readonly string[] };
