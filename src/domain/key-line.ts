import type { Label } from './guest.ts';
import type { PublicKey } from './public-key.ts';

/** Where a guest's key stands, and lets them in past the gate. */
export interface KeyLine {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly label: Label;
  readonly key: PublicKey;
}
