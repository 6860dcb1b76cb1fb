import type { Pin } from '../domain/pin.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { Trust } from '../domain/trust.ts';

const dayMs = 86_400_000;
/** How old a pin may be to stand in for the provider, with `--offline` or if the provider is out of reach. */
export const longestOfflineDays = 30;

/** Compares the keys that a provider gave with the guest's pin; `undefined` for a guest without one. */
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
 * Whether the pin may stand in for the provider: seen within the last {@link longestOfflineDays} days. A time more than
 * a day ahead of `now` is from a wrong clock, and does not count.
 */
export function servesOffline(pin: Pin, now: Date): boolean {
  const days = (now.getTime() - pin.lastSeen.getTime()) / dayMs;
  return days >= -1 && days < longestOfflineDays;
}

function blobs(keys: readonly PublicKey[]): ReadonlySet<string> {
  return new Set(keys.map((key) => key.base64));
}
