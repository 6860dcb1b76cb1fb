import type { Reference } from '../src/domain/guest.ts';
import type { FetchContext, Fetched } from './provider.ts';
import { providerFor } from './reference.ts';

export { defaultLimits, type Limits } from './limits.ts';
export type { Env, FetchContext, Fetched } from './provider.ts';
export { parseForProvider, parseReference } from './reference.ts';

/**
 * Fetches a guest's public authentication keys, one at least. Throws a `Refusal`, or the reason of
 * `context.signal` once that is aborted.
 */
export function fetchKeys(reference: Reference, context: FetchContext): Promise<Fetched> {
  return providerFor(reference.provider).fetch(reference, context);
}
