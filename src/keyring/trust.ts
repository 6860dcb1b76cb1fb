import type { PublicKey } from '../domain/public-key.ts';
import type { Pin } from './pin.ts';

const dayMs = 86_400_000;
/** How old a pin may be that stands in for the provider, with `--offline` or when it is out of reach. */
export const longestOfflineDays = 30;

/** What the keys of a guest are, next to what is remembered of them. Keys stand in the order they came. */
export type Trust =
  | { readonly verdict: 'new' }
  | { readonly verdict: 'known'; readonly pin: Pin }
  | {
      readonly verdict: 'changed';
      readonly pin: Pin;
      readonly same: readonly PublicKey[];
      readonly added: readonly PublicKey[];
      readonly removed: readonly PublicKey[];
      /** Keys were added: the host has to say yes. Keys that are only gone are told. */
      readonly needsYes: boolean;
    };

/** Compares the keys a provider gave with the guest's pin; `undefined` is a guest without one. */
export function judge(keys: readonly PublicKey[], pin: Pin | undefined): Trust {
  if (!pin) return { verdict: 'new' };
  const [now, before] = [blobs(keys), blobs(pin.keys)];
  const added = keys.filter((key) => !before.has(key.base64));
  const removed = pin.keys.filter((key) => !now.has(key.base64));
  if (added.length === 0 && removed.length === 0) return { verdict: 'known', pin };
  const same = keys.filter((key) => before.has(key.base64));
  return { verdict: 'changed', pin, same, added, removed, needsYes: added.length > 0 };
}

/**
 * Whether the pin may stand in for the provider: seen within the last {@link longestOfflineDays} days. A time
 * more than a day ahead of `now` was taken by a wrong clock, and does not count.
 */
export function servesOffline(pin: Pin, now: Date): boolean {
  const days = (now.getTime() - pin.lastSeen.getTime()) / dayMs;
  return days >= -1 && days < longestOfflineDays;
}

function blobs(keys: readonly PublicKey[]): ReadonlySet<string> {
  return new Set(keys.map((key) => key.base64));
}
