/** Whether guests get in through an sshd of the system's: tried, and remembered with what it depended on. */

import type { Doubt } from '../domain/doubt.ts';
import { Refusal } from '../domain/failure.ts';
import { type Guest, isNonEmpty, type NonEmpty } from '../domain/guest.ts';
import { type KeyType, keyTypes, type PublicKey, rsaBits } from '../domain/public-key.ts';
import { accountState } from '../door/account-state.ts';
import { findKeyFiles, haveKey } from '../door/key-files.ts';
import type { Known } from '../door/known.ts';
import { modeObstacles } from '../door/strict-modes.ts';
import type { SystemDoor } from '../door/system.ts';
import { isDecidedHere, loginFiles } from '../shell/login-files.ts';
import { thisAccount } from '../system/account.ts';
import { inTurn, joinMarks, markFiles, recall, remember } from '../system/remembered.ts';
import type { KeyKind, Proof, ProofWorld, Trial } from './door-choice.ts';

/** In seconds: a failure, or what rests on another machine, may change by something that nobody here sees. */
const lifetimes = { in: 86_400, inForNow: 600, out: 600 };

/** Whether all ways by which it may accept a key are known: its settings were read, and it runs with them. */
export function waysAreKnown({ asked, doubts }: Pick<Known, 'asked' | 'doubts'>): boolean {
  return asked && !doubts.some(({ kind }) => kind.startsWith('settings-'));
}

/**
 * Tries to get in as the guests would, with throw-away keys of the kinds that they have. What is remembered is not
 * tried again, unless sshd may accept keys in ways that nobody sees change: then the guests' keys are offered each
 * time.
 * @throws Stopped
 */
export async function prove(door: SystemDoor, world: ProofWorld): Promise<Proof> {
  const { env, guests, keyFile, offersKeys = false, isFresh = false } = world;
  const kinds = kindsOf(guests);
  const known = await door.known();
  const knowsWays = waysAreKnown(known);
  const types = sortedTypes(guests.flatMap(({ keys }) => keys.map(({ type }) => type))).filter(isHardware);
  const doubts: Doubt[] = known.asked || types.length === 0 ? [] : [{ kind: 'types-untried', types }];
  if (!isNonEmpty(kinds)) return { isIn: false, doubts };
  const name = `login-${door.port}`;
  const { facts: theirs, marks: before, files } = await door.depends();
  const modes = JSON.stringify(modeObstacles(keyFile, accountNow()));
  const facts = [...theirs, keyFile, modes, await accountState(env)];
  const keys = offersKeys ? guests.flatMap((guest) => guest.keys) : [];
  const recalled = (): Proof | undefined => {
    const verdict = isFresh ? undefined : verdictIn(recall(env, name, facts)?.value, kinds);
    return verdict?.isIn && !knowsWays && keys.length > 0 ? undefined : verdict;
  };
  const learn = async (): Promise<Proof> => {
    const marks = joinMarks(before, markFiles([...files, ...loginFiles(known.settings[0])]));
    const hidden = (some: readonly PublicKey[]) => unseen(some, [keyFile, ...known.keyFiles]);
    const offer = knowsWays ? hidden(keys).slice(0, 2 * kinds.length) : keys;
    const { logins, ...proof } = await attempt(door, kinds, offer, hidden, world);
    if (logins) {
      const good = isDecidedHere(known.settings[0]) ? lifetimes.in : lifetimes.inForNow;
      const lifetime = logins.every(({ isIn }) => isIn) ? good : lifetimes.out;
      remember(env, name, { facts, marks, lifetime, value: { kinds, logins } });
    }
    return proof;
  };
  const proof = recalled() ?? (await inTurn(env, name, recalled, learn));
  return { ...proof, doubts: [...proof.doubts, ...doubts] };
}

/** Those keys that are in none of these files. Lines that accept the others are checked one by one. */
function unseen(keys: readonly PublicKey[], names: readonly string[]): PublicKey[] {
  const { files } = findKeyFiles(names);
  return keys.filter((key) => !haveKey(files, key));
}

async function attempt(
  door: SystemDoor,
  kinds: NonEmpty<KeyKind>,
  offer: readonly PublicKey[],
  hidden: (some: readonly PublicKey[]) => readonly PublicKey[],
  { attempt: tryDoor, guests }: ProofWorld,
): Promise<Proof & Partial<Pick<Trial, 'logins'>>> {
  try {
    const { shown, accepted: all, taken, logins, environment } = await tryDoor(door, kinds, offer);
    // Another pairing may have let them in meanwhile.
    const accepted = all.length > 0 ? hidden(all) : [];
    if (shown.length > 0) door.hasShown(shown);
    if (environment.length > 0) door.hasGiven(environment);
    // Not remembered: nobody here would see it fixed.
    const owner = guests.find(({ keys }) => keys.some((key) => accepted.includes(key)));
    if (owner) return { isIn: false, doubts: [{ kind: 'key-accepted', guest: owner.reference.text }] };
    if (taken.length > 0) return { isIn: false, doubts: [{ kind: 'environment-taken', names: taken }] };
    return { ...verdictOf(logins), logins };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { isIn: false, doubts: [{ kind: 'login-untried', failure: error.failure }] };
  }
}

function verdictOf(logins: Trial['logins']): Proof {
  const failed = logins.find(({ isIn }) => !isIn);
  if (!failed) return { isIn: true, doubts: [] };
  const { type, said } = failed;
  return { isIn: false, doubts: [{ kind: 'login-failed', type, said }] };
}

/** What is remembered of these kinds, or of these and more. */
function verdictIn(value: unknown, kinds: readonly KeyKind[]): Proof | undefined {
  const { kinds: tried, logins } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(tried) || !Array.isArray(logins) || logins.length === 0) return undefined;
  const isLogin = (one: unknown): one is Trial['logins'][number] => {
    const { type, isIn, said } = (one ?? {}) as { type?: unknown; isIn?: unknown; said?: unknown };
    return keyTypes.includes(type as KeyType) && typeof isIn === 'boolean' && typeof said === 'string';
  };
  if (!logins.every(isLogin)) return undefined;
  const all = tried.map((kind) => JSON.stringify(kind));
  if (!kinds.every((kind) => all.includes(JSON.stringify(kind)))) return undefined;
  const verdict = verdictOf(logins);
  return !verdict.isIn || logins.length >= tried.length ? verdict : undefined;
}

/** One kind for each type of key, for RSA the shortest. Nobody can make a security key. Ed25519 if there is none. */
export function kindsOf(guests: readonly Guest[]): KeyKind[] {
  const keys = guests.flatMap((guest) => guest.keys);
  const bits = Math.min(...keys.filter(({ type }) => type === 'ssh-rsa').map(rsaBits));
  const types = sortedTypes(keys.map(({ type }) => type)).filter((type) => !isHardware(type));
  if (types.length === 0) return [{ type: 'ssh-ed25519' }];
  return types.map((type) => (type === 'ssh-rsa' ? { type, bits } : { type }));
}

function isHardware(type: KeyType): boolean {
  return type.startsWith('sk-');
}

function sortedTypes(types: readonly KeyType[]): KeyType[] {
  return [...new Set(types)].sort();
}

function accountNow() {
  return { ...thisAccount(), groups: [] };
}
