/** The chosen door, and what is known of it. */

import type { DoorKind, DoorReason } from '../domain/door-reason.ts';
import type { Doubt } from '../domain/doubt.ts';
import type { Guest, NonEmpty } from '../domain/guest.ts';
import type { KeyType, PublicKey } from '../domain/public-key.ts';
import type { Ways } from '../door/host-name.ts';
import type { Known } from '../door/known.ts';
import type { SshdVersion } from '../door/sshd-version.ts';
import type { SystemDoor } from '../door/system.ts';

export type DoorChoice = (
  | {
      readonly kind: 'system';
      readonly system: SystemDoor;
      /** What has to be reported of it, after a trial if none is remembered. Does not reject. */
      readonly doubts: () => Promise<readonly Doubt[]>;
      /** The same without a trial. */
      readonly untried: () => Promise<readonly Doubt[]>;
      /** Tries whether these guests get in, unless that is remembered. Absent if nobody is to try. */
      readonly prove?: (
        door: SystemDoor,
        guests: readonly Guest[],
        how?: Pick<ProofWorld, 'offersKeys' | 'isFresh'>,
      ) => Promise<Proof>;
    }
  /** `system` is the sshd that would not do, or that is not there. */
  | { readonly kind: 'private'; readonly port?: number; readonly system?: SystemDoor }
) & {
  readonly why: DoorReason;
  /** Of the sshd that guests come through. */
  readonly version: SshdVersion;
};

export interface Proof {
  /** Whether keys of all kinds that could be tried got in, and sshd accepts none of the guests' by itself. */
  readonly isIn: boolean;
  /** What there is to report all the same. */
  readonly doubts: readonly Doubt[];
}

export interface ProofWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly keyFile: string;
  readonly guests: readonly Guest[];
  /** Tries the door with keys of these kinds. */
  readonly attempt: (
    door: SystemDoor,
    kinds: NonEmpty<KeyKind>,
    offer: readonly PublicKey[],
  ) => Promise<Trial>;
  /**
   * Whether to check that sshd accepts none of the guests' keys by itself. Only possible while nobody has let them in.
   */
  readonly offersKeys?: boolean;
  /** Tries it even if something is remembered. */
  readonly isFresh?: boolean;
}

/** A kind of key to try. Those of security keys can't be made. */
export interface KeyKind {
  readonly type: KeyType;
  /** Of an RSA key. */
  readonly bits?: number;
}

export interface Trial {
  readonly door: DoorKind;
  readonly port: number;
  /** Of the last login tried. */
  readonly milliseconds: number;
  /** What came of each kind, in turn; the first that fails is the last that is tried. */
  readonly logins: readonly { readonly type: KeyType; readonly isIn: boolean; readonly said: string }[];
  /** Those of the offered keys that sshd would accept, although nobody has let them in. */
  readonly accepted: readonly PublicKey[];
  /** Names of those variables, of the ones that were tried, that a guest's ssh can set. */
  readonly taken: readonly string[];
  /** Host keys that sshd showed. */
  readonly shown: readonly PublicKey[];
  /** The variables that steered the shell at the gate, as `NAME=value`; empty if that was not seen. */
  readonly environment: readonly string[];
  /** What a private sshd said. */
  readonly log: readonly string[];
}

/** What a guest and the host are told of an open door. */
export type KnownDoor = Pick<
  Known,
  'answers' | 'hostKeys' | 'obstacles' | 'doubts' | 'rules' | 'forwarding' | 'keyFiles'
> &
  Pick<Ways, 'shadowed'>;
