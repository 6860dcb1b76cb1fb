import { networkInterfaces } from 'node:os';
import type { Trouble } from '../domain/trouble.ts';

/** Reports addresses that guests were told and that this machine had, but has no longer: a network may change. */
export function watchAddresses(told: () => readonly string[]): () => Trouble[] {
  const had = new Set<string>();
  return () => {
    const interfaces = Object.values(networkInterfaces());
    const own = new Set(interfaces.flatMap((all = []) => all.map(({ address }) => address)));
    for (const address of told()) if (own.has(address)) had.add(address);
    return told()
      .filter((address) => had.has(address) && !own.has(address))
      .map((address) => ({ kind: 'address-gone', address }));
  };
}
