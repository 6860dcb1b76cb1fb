import type { Label } from './guest.ts';
import type { PublicKey } from './public-key.ts';

/** A line with a guest's key, which lets them in past the gate. */
export interface KeyLine {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly label: Label;
  readonly key: PublicKey;
}
