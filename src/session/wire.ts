import { usage } from '../domain/failure.ts';
import {
  type Access,
  type Guest,
  isNonEmpty,
  labelsFor,
  type NonEmpty,
  providerNames,
  type Reference,
} from '../domain/guest.ts';
import { parsePublicKey } from '../domain/public-key.ts';

/** A resolved guest on the way from one process of ours to another. */
export interface WireGuest {
  readonly reference: Reference;
  readonly access: Access;
  /** `type base64`, one each. */
  readonly keys: readonly string[];
}

export function toWire({ reference, access, keys }: Guest): WireGuest {
  return { reference, access, keys: keys.map(({ type, base64 }) => `${type} ${base64}`) };
}

/** Guests as they came in, every field checked and every key parsed anew. @throws Refusal `usage` */
export function guestsFromWire(wire: readonly unknown[]): NonEmpty<Guest> {
  const checked = wire.map((value) => {
    const { reference, access, keys } = (value ?? {}) as Partial<WireGuest>;
    const parsed = (Array.isArray(keys) ? keys : []).flatMap((key) => {
      const one = parsePublicKey(String(key));
      return one.ok ? [one.key] : [];
    });
    const known = providerNames.find((name) => name === reference?.provider);
    const named = typeof reference?.name === 'string' && typeof reference.text === 'string';
    if (
      !reference ||
      !known ||
      !named ||
      !isNonEmpty(parsed) ||
      (access !== 'read-only' && access !== 'read-write')
    ) {
      return usage('that is no guest');
    }
    return { reference, access, keys: parsed };
  });
  const labels = labelsFor(checked.map(({ reference }) => reference));
  const guests = checked.flatMap((guest, index) => {
    const label = labels[index];
    return label === undefined ? [] : [{ ...guest, label }];
  });
  return isNonEmpty(guests) ? guests : usage('that is no guest');
}
