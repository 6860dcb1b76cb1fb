import type { Event } from '../domain/events.ts';
import { refuse } from '../domain/failure.ts';
import { type Access, type Guest, isNonEmpty, type NonEmpty, type Reference } from '../domain/guest.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { Trust } from '../domain/trust.ts';
import { openKeyring } from '../keyring/keyring.ts';
import { type ComparedGuest, compareKeys, isRemembered, type Onlooker, pinsOf } from './compare.ts';

export interface Invited {
  readonly references: NonEmpty<Reference>;
  readonly access: Access;
  readonly offline: boolean;
  readonly refresh: boolean;
  /** The host has said yes to added keys in advance. */
  readonly acceptNewKeys: boolean;
}

export interface Host extends Onlooker {
  /** Asks the host a question; absent if there is nobody to ask. */
  readonly ask?: ((event: Event) => Promise<boolean>) | undefined;
}

/**
 * Turns references into guests to let in: fetches their keys, compares them with what is remembered, and has changes
 * confirmed. `remember` is for when they have been let in; it does not reject.
 * @throws Refusal of the provider; `no-pin`, `no-keys`, `keys-changed`
 */
export async function resolveGuests(
  invited: Invited,
  host: Host,
): Promise<{ readonly guests: NonEmpty<Guest>; readonly remember: () => Promise<void> }> {
  const { env, emit } = host;
  const keyring = invited.references.some(isRemembered)
    ? openKeyring({ env, onWarning: (warning) => emit({ kind: 'keyring', warning }) })
    : undefined;
  const seen = await compareKeys(invited.references, invited, keyring, host);
  for (const { reference, trust } of seen) {
    if (trust.verdict === 'changed') await confirm(reference, trust, invited.acceptNewKeys, host);
  }
  const guests = guestsOf(seen, invited.access, emit);
  const remember = async (): Promise<void> => {
    await keyring?.remember(pinsOf(seen, true));
    await keyring?.close();
  };
  return { guests, remember };
}

/**
 * The guests to let in. A key that two of them have counts for the first, since sshd takes the first line. A guest left
 * without a key of their own is left out, and that is reported.
 */
function guestsOf(
  seen: readonly ComparedGuest[],
  access: Access,
  emit: (event: Event) => void,
): NonEmpty<Guest> {
  const owners = new Map<string, string>();
  const guests = seen.flatMap(({ reference, label, keys, refused }): Guest[] => {
    if (isNonEmpty(refused)) emit({ kind: 'keys-left-out', reference, refused });
    const own: PublicKey[] = [];
    for (const key of keys) {
      const owner = owners.get(key.base64);
      if (owner !== undefined) emit({ kind: 'keys-shared', reference, key, with: owner });
      else own.push(key);
      owners.set(key.base64, owner ?? label);
    }
    return isNonEmpty(own) ? [{ reference, label, access, keys: own }] : [];
  });
  return isNonEmpty(guests) ? guests : refuse({ kind: 'no-keys', reference: '', refused: [] });
}

/** Has the host say yes to every key that a known guest did not have before; keys that are gone are reported. */
async function confirm(
  reference: Reference,
  trust: Trust & { verdict: 'changed' },
  accepted: boolean,
  { emit, ask }: Host,
): Promise<void> {
  const changed: Event = { kind: 'keys-changed', reference, trust };
  emit(changed);
  if (!trust.needsYes || accepted || (await ask?.(changed))) return;
  const [added, removed] = [trust.added, trust.removed].map((keys) =>
    keys.map(({ fingerprint }) => fingerprint),
  );
  refuse({ kind: 'keys-changed', reference: reference.text, added: added ?? [], removed: removed ?? [] });
}
