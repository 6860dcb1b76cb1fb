import { isProvider } from '../../providers/index.ts';
import { usage } from '../domain/failure.ts';
import {
  type Access,
  type Guest,
  isNonEmpty,
  labelsFor,
  type NonEmpty,
  type Reference,
} from '../domain/guest.ts';
import { parsePublicKey } from '../domain/public-key.ts';

/** A resolved guest on the way from one of our processes to another. */
export interface WireGuest {
  readonly reference: Reference;
  readonly access: Access;
  /** `type base64` of each key. */
  readonly keys: readonly string[];
}

export function toWire({ reference, access, keys }: Guest): WireGuest {
  return { reference, access, keys: keys.map(({ type, base64 }) => `${type} ${base64}`) };
}

/** Guests as received, every field checked and every key parsed again. @throws Refusal `usage` */
export function guestsFromWire(wire: readonly unknown[]): NonEmpty<Guest> {
  const checked = wire.map(guestFromWire);
  const labels = labelsFor(checked.map(({ reference }) => reference));
  const guests = checked.flatMap((guest, index) => {
    const label = labels[index];
    return label === undefined ? [] : [{ ...guest, label }];
  });
  return isNonEmpty(guests) ? guests : usage('that is no guest');
}

function guestFromWire(value: unknown): Omit<Guest, 'label'> {
  const { reference, access, keys } = (value ?? {}) as Partial<WireGuest>;
  const parsed = (Array.isArray(keys) ? keys : []).map((key) => parsePublicKey(String(key)));
  const sound = parsed.flatMap((one) => (one.ok ? [one.key] : []));
  const isAccess = access === 'read-only' || access === 'read-write';
  if (!isAccess || !isNonEmpty(sound) || sound.length < parsed.length) return usage('that is no guest');
  return { reference: referenceFromWire(reference), access, keys: sound };
}

function referenceFromWire(value: unknown): Reference {
  const { provider, name, text, host, pinnedAs, from } = (value ?? {}) as Partial<Reference>;
  const isNamed = provider === 'file' ? isPath : isName;
  const optional = [host, pinnedAs, from].every((one) => one === undefined || isName(one));
  if (provider === undefined || !isProvider(provider) || !isNamed(name) || !isNamed(text) || !optional)
    return usage('that is no guest');
  return {
    provider,
    name,
    text,
    ...(host === undefined ? {} : { host }),
    ...(pinnedAs === undefined ? {} : { pinnedAs }),
    ...(from === undefined ? {} : { from }),
  };
}

function isName(value: unknown): value is string {
  return isPath(value) && !/[\x00-\x1f\x7f]/.test(value);
}

/** A file may have any name; it is made printable where it is shown. */
function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 4096 && !value.includes('\0');
}
