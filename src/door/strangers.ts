/** Who may wait to log in at a door of our own, where more come than there is room for. */

/** A connection whose guest, if it is one, has not logged in yet. */
export interface Stranger {
  /** See {@link sourceOf}. */
  readonly source: string;
  /** When they came, in ms. */
  readonly since: number;
}

/** How many at a time, and for how many ms one may stay who keeps others of the same source out. */
const most = { strangers: 64, stay: 10_000 };

/**
 * Whether one more may come: yes, no, or in the place of another. Nobody can fill the door from one address: where most
 * of those that wait have come from makes room for who comes from elsewhere, the first one first.
 */
export function roomFor<T extends Stranger>(newcomer: Stranger, there: readonly T[]): 'yes' | 'no' | T {
  if (there.length < most.strangers) return 'yes';
  const counts = new Map<string, number>();
  for (const { source } of there) counts.set(source, (counts.get(source) ?? 0) + 1);
  const crowd = Math.max(...counts.values());
  const isCrowd = counts.get(newcomer.source) === crowd;
  const [first] = there
    .filter(({ source }) => (isCrowd ? source === newcomer.source : counts.get(source) === crowd))
    .sort((a, b) => a.since - b.since);
  return first && (!isCrowd || newcomer.since - first.since > most.stay) ? first : 'no';
}

/** An address, of IPv6 its network: whoever has one address there has them all. */
export function sourceOf(address = ''): string {
  if (address.includes('.')) return address.replace(/^.*:/, '');
  const [network = ''] = address.split('::');
  return network
    .split(':')
    .slice(0, 4)
    .join(':')
    .replace(/(:0)+$/, '');
}
