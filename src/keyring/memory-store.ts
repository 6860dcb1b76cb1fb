import type { Pin } from '../domain/pin.ts';
import type { PinRead } from './pin-record.ts';
import { ok, type PinStore } from './pin-store.ts';

/** Remembers as long as the program runs: for tests, and if nothing can be kept. */
export function memoryStore(): PinStore<never> {
  const pins = new Map<string, Pin>();
  return {
    async read(references) {
      return ok(new Map(references.map((reference) => [reference, found(pins.get(reference))])));
    },
    async write(written) {
      for (const pin of written) pins.set(pin.reference, pin);
      return ok(undefined);
    },
    async remove(references) {
      return ok([...new Set(references)].filter((reference) => pins.delete(reference)));
    },
    async references() {
      return ok([...pins.keys()].sort());
    },
  };
}

function found(pin: Pin | undefined): PinRead {
  return pin ? { kind: 'pin', pin } : { kind: 'absent' };
}
