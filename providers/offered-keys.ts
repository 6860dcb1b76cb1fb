import { type ForgeKeyRefusal, type RefusedKey, refuse } from '../src/domain/failure.ts';
import { isNonEmpty, type Reference } from '../src/domain/guest.ts';
import { type PublicKey, parseKeyList, parsePublicKey } from '../src/domain/public-key.ts';
import type { Fetched } from './provider.ts';
import { isValidator } from './validator.ts';

/** One key of a forge's answer, and why it may not be let in even if it is valid. */
export interface OfferedKey {
  readonly text: string;
  readonly refusal?: ForgeKeyRefusal | undefined;
}

export interface OfferedKeys {
  readonly keys: readonly PublicKey[];
  readonly refused: readonly RefusedKey[];
}

/** Parses each offered key by itself; returns equal keys once. */
export function parseOfferedKeys(offered: readonly OfferedKey[]): OfferedKeys {
  const keys = new Map<string, PublicKey>();
  const refused: RefusedKey[] = [];
  for (const [index, { text, refusal }] of offered.entries()) {
    const line = index + 1;
    const parsed = parsePublicKey(text);
    if (!parsed.ok) refused.push({ line, refusal: parsed.refusal });
    else if (refusal) refused.push({ line, fingerprint: parsed.key.fingerprint, refusal });
    else keys.set(parsed.key.base64, parsed.key);
  }
  return { keys: [...keys.values()], refused };
}

/** Parses a text of keys, one per line. */
export function parseOfferedText(text: string): OfferedKeys {
  return parseKeyList(text);
}

/**
 * What a fetch returns, or the failure `no-keys` if none of them is usable.
 * @param etag the answer's, if an unchanged answer would mean unchanged keys
 */
export function usable(reference: Reference, { keys, refused }: OfferedKeys, etag?: string): Fetched {
  if (!isNonEmpty(keys)) refuse({ kind: 'no-keys', reference: reference.text, refused });
  return { kind: 'keys', keys, refused, ...(isValidator(etag) ? { validator: etag } : {}) };
}
