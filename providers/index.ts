import type { Reference } from '../src/domain/guest.ts';
import type { FetchContext, Fetched } from './provider.ts';
import { providerOf, table } from './table.ts';

export { defaultLimits, type Limits } from './limits.ts';
export type { Env, FetchContext, Fetched } from './provider.ts';
export { parseForProvider, parseReference } from './reference.ts';
export { type Slots, slotsPerHost } from './slots.ts';

/** The forges whose users can be invited by name, in the order of help. */
export const forges: readonly { readonly name: string; readonly title: string }[] = [...table].flatMap(
  ([name, { title }]) => (title === undefined ? [] : [{ name, title }]),
);

/** Whether a provider has this name. */
export function isProvider(name: string): boolean {
  return table.has(name);
}

/** Every variable that may hold a forge's token. */
export const tokenVariables: readonly string[] = [...table.values()].flatMap(({ tokens }) => tokens ?? []);

/**
 * Fetches a guest's public authentication keys, at least one. Callers that fetch several at once share `context.slots`
 * among them. Throws a `Refusal`, or the reason of `context.signal` once that is aborted.
 */
export function fetchKeys(reference: Reference, context: FetchContext): Promise<Fetched> {
  return providerOf(reference.provider).fetch(reference, context);
}
