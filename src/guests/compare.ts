import {
  defaultLimits,
  type Fetched,
  fetchKeys,
  slotsPerHost,
  tokenVariables,
} from '../../providers/index.ts';
import type { Event } from '../domain/events.ts';
import { type Failure, Refusal, type RefusedKey, refuse } from '../domain/failure.ts';
import { type Label, labelsFor, type NonEmpty, pinName, type Reference } from '../domain/guest.ts';
import type { Pin } from '../domain/pin.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { Trust } from '../domain/trust.ts';
import type { Keyring } from '../keyring/keyring.ts';
import { pinOf } from '../keyring/pin.ts';
import { judge, servesOffline } from '../keyring/trust.ts';

/** A guest's keys as they are now, next to what is remembered of them. */
export interface ComparedGuest {
  readonly reference: Reference;
  readonly label: Label;
  readonly keys: NonEmpty<PublicKey>;
  readonly refused: readonly RefusedKey[];
  readonly trust: Trust;
  /** Whether the provider gave the keys just now, or they are the remembered ones. */
  readonly source: 'network' | 'pin';
  /** When the provider gave them. */
  readonly fetchedAt: Date;
  readonly validator?: string;
}

export interface Freshness {
  /** Asks no forge, and takes what is remembered. */
  readonly offline: boolean;
  /** Takes nothing remembered, whatever becomes of the forge. */
  readonly refresh: boolean;
}

export interface Onlooker {
  readonly env: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
  readonly emit: (event: Event) => void;
}

/** Whether anything is remembered of a guest: not of a file or standard input, which speak for themselves each time. */
export function isRemembered({ provider }: Reference): boolean {
  return provider !== 'file' && provider !== 'stdin';
}

/**
 * Fetches the keys of all guests at once, while the keychain is asked for what is remembered of them. If a forge can't
 * be reached, a pin that is young enough stands in for it, and that is reported. A forge that says that there is no
 * such user, or no key, is believed.
 * @param keyring absent if no guest is remembered
 * @throws Refusal of the provider, for the first guest that can't be resolved
 */
export async function compareKeys(
  references: readonly Reference[],
  { offline, refresh }: Freshness,
  keyring: Keyring | undefined,
  { env, stop, emit }: Onlooker,
): Promise<ComparedGuest[]> {
  const distinct = [...new Map(references.map((reference) => [reference.text, reference])).values()];
  const labels = labelsFor(distinct);
  const pins = keyring?.recall(distinct.filter(isRemembered).map(pinName));
  const slots = slotsPerHost(defaultLimits.perHost);
  const now = new Date();

  const see = async (reference: Reference, label: Label): Promise<ComparedGuest> => {
    const pinned = async (): Promise<Pin | undefined> => (await pins)?.get(pinName(reference));
    const asks = !offline || !isRemembered(reference);
    const validator = asks && !refresh && hasToken(env) ? (await pinned())?.validator : undefined;
    const answer = asks
      ? await fetchKeys(reference, { env, signal: stop, slots, ...(validator && { validator }) }).catch(
          (error: unknown) => {
            if (refresh || !isRemembered(reference) || !isOutage(error)) throw error;
            return error;
          },
        )
      : undefined;
    const pin = await pinned();
    if (answer !== undefined && !(answer instanceof Refusal) && answer.kind === 'keys') {
      const { keys, refused, validator } = answer;
      const fresh = {
        keys,
        refused,
        trust: judge(keys, pin),
        fetchedAt: now,
        ...(validator && { validator }),
      };
      return { reference, label, source: 'network', ...fresh };
    }
    return fromPin(reference, label, pin, answer);
  };

  const fromPin = (
    reference: Reference,
    label: Label,
    pin: Pin | undefined,
    answer: Fetched | Refusal | undefined,
  ): ComparedGuest => {
    const isCurrent = answer !== undefined && !(answer instanceof Refusal);
    if (!pin || !(isCurrent || servesOffline(pin, now))) {
      if (answer instanceof Refusal) throw answer;
      refuse({ kind: 'no-pin', reference: reference.text, ...(pin ? { lastSeen: pin.lastSeen } : {}) });
    }
    if (!isCurrent) {
      const cause = answer instanceof Refusal ? answer.failure : undefined;
      emit({ kind: 'from-pin', reference, lastSeen: pin.lastSeen, ...(cause ? { cause } : {}) });
    }
    const kept = { keys: pin.keys, refused: [], trust: { verdict: 'known', pin }, label } as const;
    const validator = pin.validator === undefined ? {} : { validator: pin.validator };
    return isCurrent
      ? { reference, ...kept, source: 'network', fetchedAt: now, ...validator }
      : { reference, ...kept, source: 'pin', fetchedAt: pin.lastSeen, ...validator };
  };

  emit({ kind: 'fetching', references: distinct });
  try {
    return await Promise.all(
      distinct.map((reference, index) => see(reference, labels[index] ?? refuse(unlabelled(reference)))),
    );
  } finally {
    emit({ kind: 'fetched' });
  }
}

/**
 * The pins to remember of what was seen. Of remembered keys, only the time of this pairing is new.
 * @param paired whether the keys are let in, not only looked at
 */
export function pinsOf(seen: readonly ComparedGuest[], paired: boolean): Pin[] {
  return seen.flatMap(({ reference, keys, trust, source, fetchedAt, validator }) => {
    if (!isRemembered(reference)) return [];
    const previous = trust.verdict === 'new' ? undefined : trust.pin;
    if (source === 'pin') return paired && previous ? [{ ...previous, lastPaired: new Date() }] : [];
    const fresh = {
      reference: pinName(reference),
      keys,
      now: fetchedAt,
      paired,
      ...(validator && { validator }),
    };
    return [pinOf(previous, fresh)];
  });
}

/**
 * Whether it pays to ask what has changed, for which the pin must be known first. Without a token GitHub counts
 * "nothing" like a whole answer, and the keychain's time is better hidden behind the fetch.
 */
function hasToken(env: NodeJS.ProcessEnv): boolean {
  return tokenVariables.some((name) => env[name]);
}

/** Whether a forge could not say anything, rather than said no. */
function isOutage(error: unknown): error is Refusal {
  if (!(error instanceof Refusal)) return false;
  const { failure } = error;
  switch (failure.kind) {
    case 'forge-unreachable':
    case 'forge-timeout':
    case 'forge-rate-limited':
    case 'forge-answer':
      return true;
    case 'forge-status':
      return failure.status >= 500;
    default:
      return false;
  }
}

function unlabelled(reference: Reference): Failure {
  return { kind: 'no-keys', reference: reference.text, refused: [] };
}
