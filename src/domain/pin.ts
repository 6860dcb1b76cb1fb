import type { NonEmpty } from './guest.ts';
import type { PublicKey } from './public-key.ts';

/** What is remembered of a guest's keys. Nothing in it is secret. */
export interface Pin {
  /** `pinName` of the guest's reference. */
  readonly reference: string;
  readonly keys: NonEmpty<PublicKey>;
  readonly firstSeen: Date;
  /** When the provider last gave exactly these keys. */
  readonly lastSeen: Date;
  readonly lastPaired?: Date;
  /** The provider's own mark of this list, an ETag. */
  readonly validator?: string;
}
