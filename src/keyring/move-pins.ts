import type { Pin } from '../domain/pin.ts';
import { mergePins, sameKeys } from './pin.ts';
import { ok, type PinStore, type Result } from './pin-store.ts';

export interface Moved {
  readonly moved: number;
  /** The guests whose pin in `to` has other keys, and stands. */
  readonly conflicting: readonly string[];
}

/** How many to move at a time. A move that is cut off has then come further than the one before. */
const chunk = 25;

/** Moves every readable pin. Each is written in `to` before it is removed from `from`. */
export async function movePins<E, F>(from: PinStore<E>, to: PinStore<F>): Promise<Result<Moved, E | F>> {
  const listed = await from.references();
  if (!listed.ok) return listed;
  let moved = 0;
  const conflicting: string[] = [];
  for (let at = 0; at < listed.value.length; at += chunk) {
    const references = listed.value.slice(at, at + chunk);
    const [ours, theirs] = [await from.read(references), await to.read(references)];
    if (!ours.ok) return ours;
    if (!theirs.ok) return theirs;
    const pins: Pin[] = [];
    for (const [reference, read] of ours.value) {
      if (read.kind !== 'pin') continue;
      const standing = theirs.value.get(reference);
      if (standing?.kind === 'pin' && !sameKeys(standing.pin, read.pin)) conflicting.push(reference);
      pins.push(standing?.kind === 'pin' ? mergePins(standing.pin, read.pin) : read.pin);
    }
    const written = await to.write(pins);
    if (!written.ok) return written;
    const removed = await from.remove(pins.map((pin) => pin.reference));
    if (!removed.ok) return removed;
    moved += pins.length;
  }
  return ok({ moved, conflicting });
}
