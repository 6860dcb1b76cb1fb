import type { Pin } from './pin.ts';
import type { PublicKey } from './public-key.ts';

/** What a guest's keys are, compared with what is remembered of them. Keys are in the order in which they came. */
export type Trust =
  | { readonly verdict: 'new' }
  | { readonly verdict: 'known'; readonly pin: Pin }
  | {
      readonly verdict: 'changed';
      readonly pin: Pin;
      readonly same: readonly PublicKey[];
      readonly added: readonly PublicKey[];
      readonly removed: readonly PublicKey[];
      /** Keys were added: the host has to say yes. Keys that are only gone are reported. */
      readonly needsYes: boolean;
    };
