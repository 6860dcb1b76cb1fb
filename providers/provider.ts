import type { RefusedKey } from '../src/domain/failure.ts';
import type { NonEmpty, Reference } from '../src/domain/guest.ts';
import type { PublicKey } from '../src/domain/public-key.ts';
import type { Limits } from './limits.ts';
import type { Slots } from './slots.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a fetch may use of the world. */
export interface FetchContext {
  readonly env: Env;
  /** Ends the fetch, which then throws the signal's reason. */
  readonly signal: AbortSignal;
  /** The validator of an earlier {@link Fetched}, which allows the answer `not-modified`. */
  readonly validator?: string;
  /** What the reference `-` reads; standard input by default. */
  readonly stdin?: () => AsyncIterable<Uint8Array | string>;
  readonly limits?: Partial<Limits>;
  /** Shared among fetches that run at once; a single fetch makes its own. */
  readonly slots?: Slots;
  /**
   * What `gh` calls the host of an API, if it may be asked for a token there; by default github.com and *.ghe.com
   * alone. Used only after a fetch has failed for want of a token.
   */
  readonly ghHostOf?: (api: URL) => string | undefined;
}

export type Fetched =
  | {
      readonly kind: 'keys';
      readonly keys: NonEmpty<PublicKey>;
      readonly refused: readonly RefusedKey[];
      /** An ETag; absent if an unchanged answer would not mean unchanged keys. */
      readonly validator?: string;
    }
  | { readonly kind: 'not-modified' };

/** The name after a provider's prefix, checked. `text` only if it is not `provider:name[@host]`. */
export interface ParsedName {
  readonly name: string;
  readonly host?: string;
  readonly text?: string;
  /** The host that is asked in the end, whether named or the environment's; absent for the provider's own. */
  readonly forge?: string;
}

/** Turns a username into that user's public authentication keys. */
export interface Provider {
  /** What help calls the forge whose users the option `--NAME <user>` invites. Only forges have one. */
  readonly title?: string;
  /** What a reference may call it in front of the colon, besides its own name. */
  readonly aliases: readonly string[];
  /** The variables that may each hold a token for it. */
  readonly tokens?: readonly string[];
  /** Checks a name, and the environment variables that it depends on. Throws a usage failure; sends no request. */
  readonly parse: (text: string, env: Env) => ParsedName;
  /** Throws a `Refusal`; never returns an empty list. */
  readonly fetch: (reference: Reference, context: FetchContext) => Promise<Fetched>;
}
