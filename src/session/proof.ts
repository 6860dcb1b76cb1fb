/** Whether guests get in through an sshd of which not all is known: by trying, and remembered with what it depended on. */
import { join } from 'node:path';
import type { Doubt } from '../domain/doubt.ts';
import { Refusal } from '../domain/failure.ts';
import { type Guest, isNonEmpty, type NonEmpty } from '../domain/guest.ts';
import { type KeyType, keyTypes, type PublicKey, rsaBits } from '../domain/public-key.ts';
import { modeObstacles } from '../door/strict-modes.ts';
import type { SystemDoor } from '../door/system.ts';
import { thisAccount } from '../system/account.ts';
import { joinMarks, markFiles, recall, remember } from '../system/remembered.ts';
import type { KeyKind, Trial } from './trial.ts';

export interface Proof {
  /** Whether keys of all kinds that could be tried got in. */
  readonly isIn: boolean;
  /** What is to be said of it all the same. */
  readonly doubts: readonly Doubt[];
}

export interface ProofWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly keyFile: string;
  readonly guests: readonly Guest[];
  /** Tries the door with keys of these kinds. */
  readonly attempt: (
    door: SystemDoor,
    kinds: NonEmpty<KeyKind>,
    offer: readonly PublicKey[],
  ) => Promise<Trial>;
  /** Whether to see that sshd accepts none of the guests' keys by itself. Only while nobody has let them in. */
  readonly offersKeys?: boolean;
  /** Tries it although something is remembered. */
  readonly isFresh?: boolean;
}

/** Seconds: what has failed may be mended by something that nobody outside sees. */
const lifetimes = { in: 86_400, out: 600 };

/**
 * Tries to get in as the guests would, by throw-away keys of the kinds that they have. What is remembered is not tried.
 * @throws Stopped
 */
export async function prove(door: SystemDoor, world: ProofWorld): Promise<Proof> {
  const { env, guests, keyFile } = world;
  const kinds = kindsOf(guests);
  const untried = sortedTypes(guests.flatMap(({ keys }) => keys.map(({ type }) => type))).filter(isHardware);
  const doubts: Doubt[] = untried.length > 0 ? [{ kind: 'types-untried', types: untried }] : [];
  if (!isNonEmpty(kinds)) return { isIn: false, doubts };
  const name = `login-${door.port}`;
  const { facts: theirs, marks: before } = await door.depends();
  const facts = [...theirs, keyFile, JSON.stringify(modeObstacles(keyFile, accountNow()))];
  const offer = world.offersKeys ? guests.flatMap(({ keys }) => keys) : [];
  // Which keys sshd accepts by itself may change where nobody outside sees: they are offered each time.
  const remembered =
    world.isFresh || offer.length > 0 ? undefined : verdictIn(recall(env, name, facts)?.value, kinds, offer);
  if (remembered) return { ...remembered, doubts: [...remembered.doubts, ...doubts] };
  const marks = joinMarks(before, markFiles(startupFiles(env)));
  const found = await attempt(door, kinds, offer, world);
  if (found.logins) {
    const { logins } = found;
    const lifetime = logins.every(({ isIn }) => isIn) ? lifetimes.in : lifetimes.out;
    const offered = found.isIn ? offer.map(({ base64 }) => base64) : [];
    remember(env, name, { facts, marks, lifetime, value: { kinds, logins, offered } });
  }
  return { isIn: found.isIn, doubts: [...found.doubts, ...doubts] };
}

async function attempt(
  door: SystemDoor,
  kinds: NonEmpty<KeyKind>,
  offer: readonly PublicKey[],
  { attempt: tryDoor, guests }: ProofWorld,
): Promise<Proof & Partial<Pick<Trial, 'logins'>>> {
  try {
    const { shown, accepted, logins } = await tryDoor(door, kinds, offer);
    if (shown.length > 0) door.hasShown(shown);
    // Not remembered: it is mended where nobody outside sees.
    const owner = guests.find(({ keys }) => keys.some((key) => accepted.includes(key)));
    if (owner) return { isIn: false, doubts: [{ kind: 'key-accepted', guest: owner.reference.text }] };
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

/** What is remembered of these kinds, or of more; where they got in, with these keys offered. */
function verdictIn(
  value: unknown,
  kinds: readonly KeyKind[],
  offer: readonly PublicKey[],
): Proof | undefined {
  const { kinds: tried, logins, offered } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(tried) || !Array.isArray(logins) || logins.length === 0) return undefined;
  const isLogin = (one: unknown): one is Trial['logins'][number] => {
    const { type, isIn, said } = (one ?? {}) as { type?: unknown; isIn?: unknown; said?: unknown };
    return keyTypes.includes(type as KeyType) && typeof isIn === 'boolean' && typeof said === 'string';
  };
  if (!logins.every(isLogin)) return undefined;
  const all = tried.map((kind) => JSON.stringify(kind));
  if (!kinds.every((kind) => all.includes(JSON.stringify(kind)))) return undefined;
  const verdict = verdictOf(logins);
  if (!verdict.isIn) return verdict;
  const isWhole = logins.length >= tried.length && Array.isArray(offered);
  return isWhole && offer.every(({ base64 }) => offered.includes(base64)) ? verdict : undefined;
}

/** One kind for each type of key, of RSA the shortest; of a security key nobody can make one. Ed25519 where there is none. */
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

/** What a login shell of any kind may read before it comes to the gate. */
function startupFiles(env: NodeJS.ProcessEnv): string[] {
  const { home, shell } = thisAccount();
  const own = ['.bashrc', '.zshenv', '.cshrc', '.tcshrc', '.config/fish/config.fish', '.ssh/rc'];
  const common = ['/etc/bash.bashrc', '/etc/bashrc', '/etc/zsh/zshenv', '/etc/zshenv', '/etc/csh.cshrc'];
  const all = [...own.map((name) => join(home, name)), ...common, shell];
  return env.ZDOTDIR ? [...all, join(env.ZDOTDIR, '.zshenv')] : all;
}
