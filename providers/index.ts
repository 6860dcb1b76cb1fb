import { type Failure, Refusal } from '../src/domain/failure.ts';
import type { Reference } from '../src/domain/guest.ts';
import { defaultLimits } from './limits.ts';
import type { FetchContext, Fetched } from './provider.ts';
import { slotsPerHost } from './slots.ts';
import { table } from './table.ts';

export { defaultLimits, type Limits } from './limits.ts';
export type { Env, FetchContext, Fetched } from './provider.ts';
export { parseForProvider, parseReference } from './reference.ts';
export { type Slots, slotsPerHost } from './slots.ts';

/** A guest to fetch, with the validator of an earlier fetch where there is one. */
export interface Wanted {
  readonly reference: Reference;
  readonly validator?: string;
}

export type FetchOutcome =
  | { readonly ok: true; readonly reference: Reference; readonly fetched: Fetched }
  | { readonly ok: false; readonly reference: Reference; readonly failure: Failure };

/**
 * Fetches a guest's public authentication keys, one at least. Throws a `Refusal`, or the reason of
 * `context.signal` once that is aborted.
 */
export function fetchKeys(reference: Reference, context: FetchContext): Promise<Fetched> {
  return table[reference.provider].fetch(reference, context);
}

/**
 * Fetches many guests at once, eight in flight to one host at most. Gives one outcome each, in order: a guest that
 * fails does not stop the others. Throws the reason of `context.signal`.
 */
export function fetchAll(
  wanted: readonly Wanted[],
  context: Omit<FetchContext, 'validator'>,
): Promise<FetchOutcome[]> {
  const slots = context.slots ?? slotsPerHost(context.limits?.perHost ?? defaultLimits.perHost);
  return Promise.all(
    wanted.map(async ({ reference, validator }): Promise<FetchOutcome> => {
      try {
        const fetched = await fetchKeys(reference, {
          ...context,
          slots,
          ...(validator === undefined ? {} : { validator }),
        });
        return { ok: true, reference, fetched };
      } catch (error) {
        if (error instanceof Refusal) return { ok: false, reference, failure: error.failure };
        throw error;
      }
    }),
  );
}
