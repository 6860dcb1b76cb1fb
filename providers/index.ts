import type { Reference } from '../src/domain/guest.ts';
import type { FetchContext, Fetched } from './provider.ts';
import { table } from './table.ts';

export { defaultLimits, type Limits } from './limits.ts';
export type { Env, FetchContext, Fetched } from './provider.ts';
export { parseForProvider, parseReference } from './reference.ts';
export { type Slots, slotsPerHost } from './slots.ts';

/**
 * Fetches a guest's public authentication keys, one at least. Who fetches several at once shares `context.slots`
 * among them. Throws a `Refusal`, or the reason of `context.signal` once that is aborted.
 */
export function fetchKeys(reference: Reference, context: FetchContext): Promise<Fetched> {
  return table[reference.provider].fetch(reference, context);
}
