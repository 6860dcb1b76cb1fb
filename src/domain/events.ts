import type { DoorKind, DoorReason, Route } from './door-reason.ts';
import type { Doubt } from './doubt.ts';
import type { EndReason } from './end-reason.ts';
import type { Failure, RefusedKey } from './failure.ts';
import type { Access, Guest, NonEmpty, Reference } from './guest.ts';
import type { HostMode } from './intent.ts';
import type { Jump } from './jump.ts';
import type { KeyLine } from './key-line.ts';
import type { KeyringWarning } from './keyring-warning.ts';
import type { LeaseId } from './lease-id.ts';
import type { Refused } from './login-refusal.ts';
import type { Obstacle } from './obstacle.ts';
import type { PairingInfo } from './pairing-info.ts';
import type { PublicKey } from './public-key.ts';
import type { RefusalReason } from './refusal-reason.ts';
import type { Remains } from './remains.ts';
import type { Trouble } from './trouble.ts';
import type { Trust } from './trust.ts';
import type { TunnelTrouble, Untried } from './tunnel-trouble.ts';

/** One guest's stay, over one connection. */
export interface Visit {
  readonly label: string;
  readonly access: Access;
  readonly address: string;
  /** Of the key they came with. */
  readonly fingerprint: string;
  /** Which of the guest's keys that is, from 1. */
  readonly key: number;
  /** Their tmux client. */
  readonly pid: number;
  readonly joinedAt: Date;
  readonly leftAt?: Date;
}

/** What a guest and the host are told of the sshd that guests come through. */
export interface DoorNews {
  readonly kind: DoorKind;
  readonly port: number;
  readonly answers: boolean;
  readonly hostKeys: readonly PublicKey[];
  readonly obstacles: readonly Obstacle[];
  readonly doubts: readonly Doubt[];
  /** A name of this machine's at which Tailscale's own SSH server answers. */
  readonly shadowed?: string;
}

/** What a guest is told, and what the host is told of the guests. */
export interface Invitation {
  readonly guests: NonEmpty<Guest>;
  readonly door: DoorNews;
  /** What a guest has to type: the likeliest of `routes`. */
  readonly command: string;
  readonly routes: readonly Route[];
  readonly until: Date;
  /** Seconds. */
  readonly ttl: number;
  readonly forward: readonly number[] | 'any';
  /** Whether the terminal should put `command` on the clipboard. */
  readonly copy: boolean;
  readonly hostMode: HostMode;
  readonly entry: PairingInfo;
  /** Lines by which guests get in past the gate, and which the host keeps. */
  readonly keyLines: readonly KeyLine[];
}

export interface Report {
  readonly reason: EndReason;
  readonly door: DoorKind;
  readonly visits: readonly Visit[];
  /**
   * Guests who logged in, as far as that can be seen, and were never in. Through the system's sshd there may be others.
   */
  readonly neverIn: readonly string[];
  /** Guests in whose terminal another program ran, as far as that can be seen. */
  readonly astray: readonly { readonly label: string; readonly seconds: number }[];
  /** Whether the host's session is still there, and how to get back to it. */
  readonly room: { readonly stays: boolean; readonly session: string; readonly command: string };
  /** Ways by which guests may still get in. */
  readonly remains: Remains;
}

/** Everything that happens in a pairing and is worth reporting. */
export type Event =
  | { readonly kind: 'swept'; readonly ids: readonly LeaseId[] }
  /** Of dead pairings. */
  | { readonly kind: 'sweep-failed'; readonly failure: Failure }
  /** Pairings whose supervisors live, but don't answer. */
  | { readonly kind: 'silent'; readonly ids: readonly string[] }
  | { readonly kind: 'fetching'; readonly references: readonly Reference[] }
  | { readonly kind: 'fetched' }
  | { readonly kind: 'keys-left-out'; readonly reference: Reference; readonly refused: readonly RefusedKey[] }
  | {
      readonly kind: 'keys-shared';
      readonly reference: Reference;
      readonly key: PublicKey;
      readonly with: string;
    }
  | { readonly kind: 'keyring'; readonly warning: KeyringWarning }
  /** A guest's keys are the remembered ones, because of `cause`, or as asked for. */
  | {
      readonly kind: 'from-pin';
      readonly reference: Reference;
      readonly lastSeen: Date;
      readonly cause?: Failure;
    }
  | {
      readonly kind: 'keys-changed';
      readonly reference: Reference;
      readonly trust: Trust & { verdict: 'changed' };
    }
  /** Guests come through this door, for this reason. */
  | {
      readonly kind: 'door';
      readonly door: DoorKind;
      readonly port: number;
      readonly why: DoorReason;
    }
  /**
   * It is being tried, or looked up, whether guests get in through that port (`trying`); and that is over (`tried`).
   */
  | { readonly kind: 'trying' | 'tried'; readonly port: number }
  /** The login shell takes a while to reach the gate. */
  | { readonly kind: 'shell-slow'; readonly shell: string }
  /** What a private sshd says. */
  | { readonly kind: 'door-log'; readonly line: string }
  /** The tunnel is down, or an attempt to open it again has failed. */
  | { readonly kind: 'tunnel-down'; readonly trouble: TunnelTrouble }
  /** The jump host listens, but it could not be tried whether the tunnel leads here. */
  | { readonly kind: 'tunnel-untried'; readonly jump: Jump; readonly why: Untried }
  /** Guests are told of this jump host, but not how to get there: only this machine's ssh knows. */
  | { readonly kind: 'jump-hidden'; readonly jump: Jump }
  /** The host's ssh logs in to these accounts on the way; guests are told only the hosts. */
  | { readonly kind: 'jump-logins'; readonly logins: readonly Jump[] }
  /** Up again; `moved` if guests have to type another line than before. */
  | { readonly kind: 'tunnel-up'; readonly command: string; readonly moved: boolean }
  | { readonly kind: 'invited'; readonly invitation: Invitation }
  | { readonly kind: 'joined'; readonly visit: Visit }
  | { readonly kind: 'left'; readonly visit: Visit }
  | {
      readonly kind: 'refused';
      readonly label: string;
      readonly address: string;
      readonly why: RefusalReason;
    }
  /**
   * A guest's login at a private sshd was ended: it did not reach the gate in time, or was one too many of theirs, or
   * of all.
   */
  | {
      readonly kind: 'login-ended';
      readonly label: string;
      readonly address: string;
      readonly fingerprint: string;
      readonly why: 'unregistered' | 'many' | 'full';
    }
  /** A private sshd let nobody in from there: no invited key came, or none soon enough, or it refuses the account. */
  | { readonly kind: 'login-refused'; readonly address: string; readonly why: Refused['why'] }
  /** A guest waits at the gate for the host's yes. */
  | { readonly kind: 'asking'; readonly visit: Visit }
  /** A question: may guests type in a session of the host's own server? */
  | { readonly kind: 'sharing-all' }
  | { readonly kind: 'invited-more'; readonly guests: readonly Guest[] }
  /** What to report of guests who were invited into a live pairing, and of its sshd. */
  | {
      readonly kind: 'invited-doubts';
      readonly door: DoorKind;
      readonly obstacles: readonly Obstacle[];
      readonly keyLines: readonly KeyLine[];
    }
  | { readonly kind: 'kicked'; readonly label: string }
  /** Ways by which a guest who was put out may still get in. */
  | { readonly kind: 'still-in'; readonly label: string; readonly remains: Remains }
  /** A supervisor's remark on a request that it carried out. */
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'access-changed'; readonly label: string; readonly access: Access }
  /** What the host chose in a menu could not be done. */
  | { readonly kind: 'change-failed'; readonly failure: Failure }
  | { readonly kind: 'extended'; readonly deadline: Date }
  | { readonly kind: 'time-left'; readonly seconds: number }
  /** The host is in; `command` is what a guest has to type. */
  | { readonly kind: 'host-attached'; readonly command: string }
  /**
   * The guests are out, and the host is still in. If ending access has failed, `failed` tells where the host learns
   * why.
   */
  | {
      readonly kind: 'access-ended';
      readonly reason: EndReason;
      readonly failed?: 'this-terminal' | 'next-command';
      /** What stays of access all the same. */
      readonly remains?: Remains;
    }
  /** Something of the pairing's own was taken away, or does not do what it should; later, it is right again. */
  | { readonly kind: 'trouble' | 'trouble-over'; readonly trouble: Trouble }
  | { readonly kind: 'log-failed'; readonly path: string; readonly problem: string }
  | { readonly kind: 'switch-restarted' }
  | { readonly kind: 'ended'; readonly report: Report };
