/**
 * Which connections to the private sshd may have an sshd before they have logged in. A stranger costs two processes, so
 * there is room for some only. A stranger who finds none waits, as a socket and nothing else, and takes the place of
 * another in turn. A stranger with the same address as a guest can't be told from that guest, and through a jump host
 * all come from one address. So nobody is turned away for their address alone, and no crowd can hold all places: in a
 * full house one of the crowd makes room, again and again, and a newcomer has some seconds to log in.
 */

/** A connection that has not logged in. */
export interface Stranger {
  /** See {@link sourceOf}. */
  readonly source: string;
  /** When they came, or got an sshd, in ms. */
  readonly since: number;
  /**
   * Whether they have named a key that may come in, which somebody who knows no guest can't do. They may not have it.
   */
  readonly named?: boolean;
}

/** How many strangers have an sshd at a time, and how many wait for one. */
export const most = { strangers: 64, waiting: 256 };

/**
 * Which of those that wait is next: of those that have said something, as every ssh does at once, and of the address
 * with the fewest inside, the newest as often as the first. The first has waited longest. But waiting is all that a
 * heap of sockets has to do, and a guest is not to wait for all of it.
 */
export function nextOf<T extends Stranger & { readonly spoken?: boolean }>(
  waiting: readonly T[],
  there: readonly Stranger[],
  chance: () => number = Math.random,
): T | undefined {
  const spoken = waiting.filter((one) => one.spoken);
  const all = spoken.length > 0 ? spoken : waiting;
  const counts = countsOf(there);
  const inside = ({ source }: Stranger): number => counts.get(source) ?? 0;
  const fewest = Math.min(...all.map(inside));
  const candidates = all.filter((one) => inside(one) === fewest);
  return candidates.at(chance() < 0.5 ? 0 : -1);
}

/**
 * Who makes room in a full house: the first of the address that most come from. Strangers who have named a key that may
 * come in are spared, as they may be typing a passphrase, unless they take up half of the house.
 */
export function leaverOf<T extends Stranger>(there: readonly T[]): T | undefined {
  const unnamed = there.filter(({ named }) => !named);
  const candidates = unnamed.length * 2 > there.length ? unnamed : there;
  return crowdOf(candidates).reduce<T | undefined>(
    (first, one) => (first && first.since <= one.since ? first : one),
    undefined,
  );
}

/** Which of those that wait is turned away as one too many: any of the address that most come from. */
export function oneTooMany<T extends Stranger>(
  waiting: readonly T[],
  chance: () => number = Math.random,
): T | undefined {
  const crowd = crowdOf(waiting);
  return crowd[Math.floor(chance() * crowd.length)];
}

/** Those of the address, or addresses, that most come from. */
function crowdOf<T extends Stranger>(all: readonly T[]): T[] {
  const counts = countsOf(all);
  const crowd = Math.max(...counts.values());
  return all.filter(({ source }) => counts.get(source) === crowd);
}

function countsOf(all: readonly Stranger[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { source } of all) counts.set(source, (counts.get(source) ?? 0) + 1);
  return counts;
}

/** An address, or for IPv6 its network: whoever has one address there has them all. */
export function sourceOf(address = ''): string {
  if (address.includes('.')) return address.replace(/^.*:/, '');
  const [network = ''] = address.split('::');
  return network
    .split(':')
    .slice(0, 4)
    .join(':')
    .replace(/(:0)+$/, '');
}
