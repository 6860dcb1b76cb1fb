import { fetchKeys } from '../../providers/index.ts';
import { slotsPerHost } from '../../providers/slots.ts';
import { refuse } from '../domain/failure.ts';
import {
  type Access,
  type Guest,
  isNonEmpty,
  labelsFor,
  type NonEmpty,
  type Reference,
} from '../domain/guest.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { Event } from './events.ts';

/**
 * Fetches the keys of all guests at once and names the guests. A key that two of them have counts for the first,
 * since sshd takes the first line: a guest left without a key of their own is left out, and told.
 * @throws Refusal of the provider, for the first guest that can't be resolved
 */
export async function resolveGuests(
  references: NonEmpty<Reference>,
  access: Access,
  world: { env: NodeJS.ProcessEnv; stop: AbortSignal; emit: (event: Event) => void },
): Promise<NonEmpty<Guest>> {
  const distinct = [...new Map(references.map((reference) => [reference.text, reference])).values()];
  world.emit({ kind: 'fetching', references: distinct });
  const context = { env: world.env, signal: world.stop, slots: slotsPerHost(8) };
  const fetched = await Promise.all(distinct.map((reference) => fetchKeys(reference, context))).finally(() =>
    world.emit({ kind: 'fetched' }),
  );
  const labels = labelsFor(distinct);
  const owners = new Map<string, string>();
  const guests: Guest[] = [];
  for (const [index, reference] of distinct.entries()) {
    const [answer, label] = [fetched[index], labels[index]];
    if (answer?.kind !== 'keys' || label === undefined) throw new Error('an answer for every reference');
    if (isNonEmpty(answer.refused)) world.emit({ kind: 'keys-left-out', reference, refused: answer.refused });
    const own: PublicKey[] = [];
    for (const key of answer.keys) {
      const owner = owners.get(key.base64);
      if (owner !== undefined) world.emit({ kind: 'keys-shared', reference, key, with: owner });
      else own.push(key);
      owners.set(key.base64, owner ?? label);
    }
    if (isNonEmpty(own)) guests.push({ reference, label, access, keys: own });
  }
  return isNonEmpty(guests)
    ? guests
    : refuse({ kind: 'no-keys', reference: references[0].text, refused: [] });
}
