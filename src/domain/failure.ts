import type { Fingerprint, KeyRefusal } from './public-key.ts';
import type { ShellBlock } from './shell-block.ts';
import type { Trouble } from './trouble.ts';
import type { TunnelTrouble } from './tunnel-trouble.ts';

/** Why a forge's key may not be let in although it is a valid key. */
export type ForgeKeyRefusal =
  | { readonly reason: 'signing-only' }
  | { readonly reason: 'expired'; readonly at: Date };

/** A refused key of a key list or of a forge's answer: which one and why. */
export interface RefusedKey {
  /** 1-based: the line of a list, or the place in a forge's answer. */
  readonly line: number;
  /** Absent if it could not be read as a key. */
  readonly fingerprint?: Fingerprint;
  /** Whose it is, if one guest has many members (`github:org/team`). */
  readonly member?: string;
  readonly refusal: KeyRefusal | ForgeKeyRefusal;
}

/**
 * Everything that can stop the program short of a bug, as data. Words, hints and exit codes are made
 * from it in `ui/words.ts` alone. Text in it may come from outside: the words escape it.
 */
export type Failure =
  // exit 2
  | { readonly kind: 'usage'; readonly problem: string; readonly hint?: string }
  // exit 3
  | { readonly kind: 'guest-unknown'; readonly reference: string; readonly host: string }
  | { readonly kind: 'no-keys'; readonly reference: string; readonly refused: readonly RefusedKey[] }
  | {
      readonly kind: 'keys-changed';
      readonly reference: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | {
      readonly kind: 'file-unreadable';
      readonly path: string;
      /** A system error code (`ENOENT`, `EACCES` …), or what was found in place of a small plain file. */
      readonly code: 'not-a-file' | 'too-large' | (string & {});
    }
  // exit 4
  | {
      readonly kind: 'forge-unreachable';
      readonly reference: string;
      readonly host: string;
      readonly cause: string;
    }
  | {
      readonly kind: 'forge-timeout';
      readonly reference: string;
      readonly host: string;
      readonly seconds: number;
    }
  | {
      readonly kind: 'forge-rate-limited';
      readonly reference: string;
      readonly host: string;
      readonly resetAt?: Date;
      readonly tokenVariable?: string;
    }
  | {
      readonly kind: 'forge-token-refused';
      readonly reference: string;
      readonly host: string;
      readonly tokenVariable?: string;
    }
  | {
      readonly kind: 'forge-token-needed';
      readonly reference: string;
      readonly host: string;
      /** The variable to set, if the program knows one for this host. */
      readonly tokenVariable?: string;
      /** What the token must be allowed, e.g. `read:org`. */
      readonly scope?: string;
    }
  | {
      readonly kind: 'forge-status';
      readonly reference: string;
      readonly host: string;
      readonly status: number;
    }
  | {
      readonly kind: 'forge-answer';
      readonly reference: string;
      readonly host: string;
      readonly problem: string;
    }
  | {
      readonly kind: 'forge-redirect';
      readonly reference: string;
      readonly host: string;
      readonly to: string;
    }
  /** Nothing was fetched, and nothing is remembered, or not since `lastSeen`. */
  | { readonly kind: 'no-pin'; readonly reference: string; readonly lastSeen?: Date }
  // exit 5
  | {
      readonly kind: 'authorized-keys-refused';
      readonly path: string;
      readonly problem: string;
      readonly hint?: string;
    }
  | {
      readonly kind: 'authorized-keys-locked';
      readonly path: string;
      readonly lock: string;
      readonly owner: string;
    }
  | {
      readonly kind: 'key-already-present';
      readonly reference: string;
      readonly fingerprint: string;
      readonly path: string;
      readonly line: number;
      readonly lease?: string;
      /** Whether sshd reads it before a line of ours. */
      readonly isAhead?: boolean;
      /** Whether lines of a live pairing were to be put back. */
      readonly repairing?: true;
    }
  /** sshd accepts a key of theirs by itself; nobody knows through which file or program. */
  | { readonly kind: 'key-accepted'; readonly reference: string }
  // exit 6
  | { readonly kind: 'program-missing'; readonly program: string; readonly hint: string }
  | {
      readonly kind: 'program-too-old';
      readonly program: string;
      readonly found: string;
      readonly floor: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'program-failed';
      readonly program: string;
      readonly doing: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'host-key-refused';
      readonly path: string;
      readonly problem: string;
      readonly hint?: string;
    }
  /** The door's port or address can't be listened on. */
  | {
      readonly kind: 'port-refused';
      readonly port: number;
      readonly address?: string;
      /** A system error code. */
      readonly code: string;
    }
  /** What sshd starts for a guest would not reach the gate. `private` if a private sshd might. */
  | { readonly kind: 'gate-not-reached'; readonly block: ShellBlock; readonly private: boolean }
  /** What `tmuxpair repair` could not put right. */
  | { readonly kind: 'trouble-left'; readonly trouble: readonly Trouble[] }
  /** What `tmuxpair doctor` ends with if no guest could get in. */
  | { readonly kind: 'no-way-in' }
  /** With `/dev/pts` mounted like this, the sshd of an unprivileged user can make no terminals. */
  | { readonly kind: 'no-terminals'; readonly mend: string }
  /** A private sshd refuses this account: its password is locked, or it has expired. */
  | { readonly kind: 'account-refused'; readonly user: string; readonly why: 'locked' | 'expired' }
  /** While this file exists, a private sshd lets nobody in, except to root. */
  | { readonly kind: 'no-logins'; readonly path: string }
  | { readonly kind: 'tunnel-failed'; readonly jump: string; readonly trouble: TunnelTrouble }
  | {
      readonly kind: 'run-directory-refused';
      readonly path: string;
      readonly problem: string;
      readonly hint?: string;
    }
  | { readonly kind: 'log-refused'; readonly path: string; readonly problem: string }
  // exit 7
  | { readonly kind: 'guests-left'; readonly folder: string }
  | {
      readonly kind: 'revocation-failed';
      readonly path: string;
      readonly lines: readonly number[];
      readonly label: string;
      readonly problem: string;
      /** The lease's folder, if a guest process is left, too. */
      readonly guestsLeft?: string;
    }
  /** Everything of ours is taken back, but these lines, which have been added meanwhile, still let guests in. */
  | {
      readonly kind: 'keys-left';
      readonly lines: readonly {
        readonly guest: string;
        readonly path: string;
        readonly line: number;
        readonly fingerprint: string;
      }[];
    }
  // exit 8
  | { readonly kind: 'nothing-remembered'; readonly references: readonly string[] }
  /** `ids` are the existing pairings: none, or more than one if none was named. */
  | { readonly kind: 'no-such-pairing'; readonly ids: readonly string[]; readonly wanted?: string }
  /** Their supervisors live, but don't answer. */
  | {
      readonly kind: 'pairing-silent';
      readonly pairings: readonly { readonly id: string; readonly folder: string }[];
    }
  | { readonly kind: 'no-such-guest'; readonly label: string; readonly guests: readonly string[] };

/** A {@link Failure} on its way up. The only error class of the program; anything else thrown is a bug. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind);
    this.failure = failure;
  }
}

/** Throws `failure`. An expression, for `value ?? refuse({…})`. */
export function refuse(failure: Failure): never {
  throw new Refusal(failure);
}

/** Throws a usage failure: what is wrong with the command line, and what to write instead. */
export function usage(problem: string, hint?: string): never {
  return refuse({ kind: 'usage', problem, ...(hint === undefined ? {} : { hint }) });
}
