import type { Trouble } from '../domain/keyring-warning.ts';
import type { Pin } from '../domain/pin.ts';
import type { PinRead } from './pin-record.ts';

export type Result<T, E = Trouble> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly trouble: E };

/**
 * A place for pins. Nothing here throws or waits for long; what went wrong comes back as data. Several programs may use
 * one place at once: the last write of a pin stands, and no pin of another guest is touched.
 */
export interface PinStore<E = Trouble> {
  /** One answer for each reference, in that order. */
  read(references: readonly string[]): Promise<Result<ReadonlyMap<string, PinRead>, E>>;
  /** Replaces what was there. On trouble some of the pins may have been written. */
  write(pins: readonly Pin[]): Promise<Result<void, E>>;
  /** The references that were there and are gone now, including unreadable ones. */
  remove(references: readonly string[]): Promise<Result<readonly string[], E>>;
  /** The references of the pins here, sorted. */
  references(): Promise<Result<readonly string[], E>>;
}

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function failed<E>(trouble: E): { readonly ok: false; readonly trouble: E } {
  return { ok: false, trouble };
}
