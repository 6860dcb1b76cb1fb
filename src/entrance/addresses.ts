/** What the guest's line may call this machine, and the address at which that can be tried from here. */
import { hostname, networkInterfaces } from 'node:os';
import type { DoorIntent } from '../domain/intent.ts';
import { findWays, type Ways } from '../door/host-name.ts';
import { isLoopback } from '../door/reachable.ts';
import { onlyAddress } from './choose-door.ts';
import type { DoorPlace } from './open-door.ts';

/** Every name and address, the likeliest first. Resolves late, and does not reject. */
export async function waysOf(intent: DoorIntent, env: NodeJS.ProcessEnv, place: DoorPlace): Promise<Ways> {
  const { port, listensOn, onlyAt = [] } = place;
  const [first] = onlyAt;
  const alone = first !== undefined && onlyAt.every(isLoopback) ? first : undefined;
  const named = intent.host ?? onlyAddress(intent) ?? alone;
  const ways = await findWays({ env, port, named, listens: listensOn });
  if (named !== undefined || first === undefined) return ways;
  // The known ways here may not lead to an address that it listens on.
  const isElsewhere = ways.addresses.every(({ host }) => host === hostname());
  const [only = first, ...more] = onlyAt.filter((address) => !isLoopback(address));
  const addressOf = (host: string) => ({ host, reach: 'network' }) as const;
  return isElsewhere ? { ...ways, addresses: [addressOf(only), ...more.map(addressOf)] } : ways;
}

/**
 * The first address of this machine's that guests are told; if they are told none, the one at which the door was found.
 */
export async function addressToTry(
  intent: DoorIntent,
  env: NodeJS.ProcessEnv,
  place: DoorPlace & { readonly host: string },
): Promise<string> {
  if (intent.via) return place.host;
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((all = []) => all.map((one) => one.address)),
  );
  const { addresses } = await waysOf(intent, env, place);
  return addresses.map(({ host }) => host).find((host) => own.has(host)) ?? place.host;
}
