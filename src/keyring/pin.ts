import type { NonEmpty } from '../domain/guest.ts';
import type { Pin } from '../domain/pin.ts';
import type { PublicKey } from '../domain/public-key.ts';

/**
 * The pin to remember now that the provider gave `seen.keys`.
 * @param seen.paired whether these keys are let in, not only looked at
 */
export function pinOf(
  previous: Pin | undefined,
  seen: {
    reference: string;
    keys: NonEmpty<PublicKey>;
    now: Date;
    paired: boolean;
    validator?: string;
  },
): Pin {
  const lastPaired = seen.paired ? seen.now : previous?.lastPaired;
  return {
    reference: seen.reference,
    keys: seen.keys,
    firstSeen: previous?.firstSeen ?? seen.now,
    lastSeen: seen.now,
    ...(lastPaired && { lastPaired }),
    ...(seen.validator !== undefined && { validator: seen.validator }),
  };
}

/**
 * Makes one pin of two for the same guest. If their keys differ, it is the `standing` one, since the other was never
 * compared with it. If not, it is the one seen later, with the earliest and the latest of their times.
 */
export function mergePins(standing: Pin, other: Pin): Pin {
  if (!sameKeys(standing, other)) return standing;
  const later = other.lastSeen > standing.lastSeen ? other : standing;
  const paired = [standing.lastPaired, other.lastPaired].filter((time) => time !== undefined).map(Number);
  return {
    ...later,
    firstSeen: new Date(Math.min(Number(standing.firstSeen), Number(other.firstSeen))),
    ...(paired.length > 0 && { lastPaired: new Date(Math.max(...paired)) }),
  };
}

export function sameKeys(one: Pin, other: Pin): boolean {
  const set = new Set(one.keys.map((key) => key.base64));
  return other.keys.every((key) => set.delete(key.base64)) && set.size === 0;
}
