/** The door that was chosen, and what is known of it. */

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
      /** What has to be told of it, having tried it if that is not remembered. Does not reject. */
      readonly doubts: () => Promise<readonly Doubt[]>;
      /** The same without trying it. */
      readonly untried: () => Promise<readonly Doubt[]>;
      /** Tries whether these guests get in, unless that is remembered. Absent where nobody is to. */
      readonly prove?: (
        door: SystemDoor,
        guests: readonly Guest[],
        how?: Pick<ProofWorld, 'offersKeys' | 'isFresh'>,
      ) => Promise<Proof>;
    }
  /** `system` is the one that would not do, or that is not there. */
  | { readonly kind: 'private'; readonly port?: number; readonly system?: SystemDoor }
) & {
  readonly why: DoorReason;
  /** Of the sshd that guests come through. */
  readonly version: SshdVersion;
};

export interface Proof {
  /** Whether keys of all kinds that could be tried got in, and none of the guests' is accepted by itself. */
  readonly isIn: boolean;
  /** What is to be said of it all the same. */
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
  /** Whether to see that sshd accepts none of the guests' keys by itself. Only while nobody has let them in. */
  readonly offersKeys?: boolean;
  /** Tries it although something is remembered. */
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
  /** Of the last login that was tried. */
  readonly milliseconds: number;
  /** What came of each kind, in turn; the first that fails is the last that is tried. */
  readonly logins: readonly { readonly type: KeyType; readonly isIn: boolean; readonly said: string }[];
  /** Those of the keys to offer that sshd would accept, although nobody has let them in. */
  readonly accepted: readonly PublicKey[];
  /** Names of variables that a guest's ssh can set, of those that were tried. */
  readonly taken: readonly string[];
  /** Host keys that sshd showed. */
  readonly shown: readonly PublicKey[];
  /** What steered the shell, as `NAME=value`, as it was at the gate; empty if that was not seen. */
  readonly environment: readonly string[];
  /** What the sshd of a door of our own said. */
  readonly log: readonly string[];
}

/** What a guest is to be told of an open door, and the host. */
export type KnownDoor = Pick<
  Known,
  'answers' | 'hostKeys' | 'obstacles' | 'doubts' | 'rules' | 'forwarding' | 'keyFiles'
> &
  Pick<Ways, 'shadowed'>;
