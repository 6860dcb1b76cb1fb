/** Which door guests come through, decided before anything is opened. */

import { networkInterfaces } from 'node:os';
import type { DoorReason, PrivateDoorBar } from '../domain/door-reason.ts';
import type { Doubt } from '../domain/doubt.ts';
import type { Guest } from '../domain/guest.ts';
import type { DoorIntent } from '../domain/intent.ts';
import { decisive, type Obstacle } from '../domain/obstacle.ts';
import { reachOf } from '../door/addresses.ts';
import { hostKeyFile, openHostKey } from '../door/host-key.ts';
import { keyObstacles } from '../door/key-rules.ts';
import type { Known } from '../door/known.ts';
import { privateDoorBar } from '../door/private-door-bar.ts';
import { isAny, isLoopback } from '../door/reachable.ts';
import { newEnough, sshdVersion } from '../door/sshd-version.ts';
import { lookAtSystem, portsElsewhere, type SystemDoor } from '../door/system.ts';
import { terminalsMend } from '../door/terminals.ts';
import { writeTrouble } from '../lease/write-trouble.ts';
import type { DoorChoice, Proof, ProofWorld } from './door-choice.ts';
import { hostKeyFolder } from './private-door.ts';
import { prove } from './proof.ts';

export interface ChoiceWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly sshd: string;
  /** Whose keys have to be accepted. If it rejects, so does a choice that depends on it. */
  readonly guests: Promise<readonly Guest[]>;
  /** Tries a door by logging in. */
  readonly attempt: ProofWorld['attempt'];
  /** Called when somebody waits for a trial login, or for what is remembered of one, and when the wait is over. */
  readonly tell?: (event: { readonly kind: 'trying' | 'tried'; readonly port: number }) => void;
  /** Asks and tries again even if something is remembered. */
  readonly isFresh?: boolean;
}

type Choice = DoorChoice extends infer C ? (C extends DoorChoice ? Omit<C, 'version'> : never) : never;

/**
 * Chooses the door. `auto` takes an sshd of the system's that has no obstacle for a guest, and through which a trial
 * login got in, now or as remembered: on port 22, else on another port, first those that greet as OpenSSH and whose
 * settings were read. If there is none, it takes a private one. A port that the host has named means the sshd there,
 * whatever is known against it; a key file that they have named means any of the system's. Without these, forwarded
 * ports call for a private one, whatever answers: what a guest holds open there ends with the pairing.
 * @throws Refusal `program-too-old`, `program-failed`; Stopped
 */
export async function chooseDoor(intent: DoorIntent, world: ChoiceWorld): Promise<DoorChoice> {
  const choice = await choose(intent, world);
  const greeted = choice.kind === 'system' ? choice.system.version() : undefined;
  return { ...choice, version: greeted ? newEnough(greeted) : await sshdVersion(world.sshd) };
}

async function choose(intent: DoorIntent, world: ChoiceWorld): Promise<Choice> {
  const own = { kind: 'private', ...(intent.port === undefined ? {} : { port: intent.port }) } as const;
  if (intent.door === 'private' || (intent.door === 'auto' && intent.bind !== undefined))
    return { ...own, why: { kind: 'asked' } };
  const forwarding = intent.door === 'auto' && asksForPorts(intent);
  const bar = forwarding ? privateDoorBar() : undefined;
  if (forwarding && bar === undefined) return { ...own, why: { kind: 'forward' } };
  const trouble = intent.door === 'auto' && !asksForSystem(intent) ? writeTrouble(intent.keyFile) : undefined;
  if (trouble && privateDoorBar() === undefined)
    return { ...own, why: { kind: 'key-file', failure: trouble } };
  const port = intent.port ?? 22;
  const { env, sshd, isFresh = false } = world;
  const query = {
    env,
    sshd,
    keyFile: intent.keyFile,
    anyKey: () => anyKey(env),
    isFresh,
    towards: intent.host,
  };
  const usual = await lookAtSystem({ ...query, port });
  const isNamed = intent.door === 'system' || intent.keyFileNamed;

  if (intent.port !== undefined && (usual.listens || isNamed))
    return { kind: 'system', system: usual, why: { kind: 'asked' }, ...systemWays(usual, intent, world) };

  const first = await judge(usual, intent, world);
  const judged = [first];
  /** The first that lets a trial login in, among those with doubts or among those without. */
  const working = async (wanted: Judged[], isDoubtful: boolean): Promise<Judged | undefined> => {
    for (const one of wanted) {
      const { system, verdict } = one;
      if (verdict.kind !== 'open' || !verdict.isTriable || isDoubtful !== verdict.doubts.length > 0) continue;
      const how = { ...(await proofWorld(intent, world)), offersKeys: true };
      const proof = await told(system.port, world, () => prove(system, how));
      const doubts = [...verdict.doubts, ...proof.doubts];
      if (proof.isIn || isOfShell(proof)) return { system, verdict: { ...verdict, doubts } };
      one.verdict = { kind: 'open', doubts };
    }
    return undefined;
  };
  const taken = ({ system, verdict }: Judged, why: DoorReason): Choice => {
    const doubts = 'doubts' in verdict ? verdict.doubts.filter(({ kind }) => !isOfSettings(kind)) : [];
    return {
      kind: 'system',
      system,
      why,
      ...systemWays(system, intent, world),
      doubts: async () => doubts,
      untried: async () => doubts,
    };
  };

  const best = await working(judged, false);
  if (best) return taken(best, forwardOr('answers', bar));
  if (intent.port === undefined) {
    for (const other of await portsElsewhere(query)) {
      if (other === port) continue;
      judged.push(await judge(await lookAtSystem({ ...query, port: other }), intent, world));
      const good = await working(judged.slice(-1), false);
      if (good) return taken(good, reasonAgainst(port, first.verdict));
    }
  }
  const tried = await working(judged, true);
  if (tried)
    return taken(tried, { kind: 'tried', doubts: 'doubts' in tried.verdict ? tried.verdict.doubts : [] });
  const theirs = { kind: 'system', system: usual, ...systemWays(usual, intent, world) } as const;
  if (isNamed) return { ...theirs, why: { kind: 'asked' } };
  const mend = first.verdict.kind === 'silent' ? terminalsMend() : undefined;
  if (mend !== undefined) return { ...theirs, why: { kind: 'none', port, mend } };
  return { ...own, system: usual, why: reasonAgainst(port, first.verdict) };
}

/** `open` if it might do, as far as is known; `isTriable` if a login could tell. */
type Verdict =
  | { readonly kind: 'silent' }
  | { readonly kind: 'obstacles'; readonly obstacles: readonly Obstacle[] }
  | { readonly kind: 'open'; readonly doubts: readonly Doubt[]; readonly isTriable?: boolean };

interface Judged {
  readonly system: SystemDoor;
  verdict: Verdict;
}

async function judge(system: SystemDoor, intent: DoorIntent, { guests }: ChoiceWorld): Promise<Judged> {
  const known = system.listens ? await system.known() : undefined;
  if (!known?.answers) return { system, verdict: { kind: 'silent' } };
  const doubts = [...known.doubts, ...reachDoubts(system, intent)];
  const obstacles = decisive([...known.obstacles, ...keyObstacles(known.rules, await guests)]);
  return { system, verdict: verdictOn({ obstacles, doubts }) };
}

/** The verdict on an sshd that listens, from what is known of it; pure. */
export function verdictOn({ obstacles, doubts }: Pick<Known, 'obstacles' | 'doubts'>): Verdict {
  if (obstacles.length > 0) return { kind: 'obstacles', obstacles };
  return { kind: 'open', doubts, isTriable: doubts.every(({ kind }) => isOfSettings(kind)) };
}

/** Whether a doubt is about the settings alone, and so says nothing against a login. */
function isOfSettings(kind: Doubt['kind']): boolean {
  return /^(settings|environment)-/.test(kind);
}

/**
 * Whether the login shell kept a trial login from the gate. Whoever proves the door tells the host, and knows what to
 * do.
 */
function isOfShell({ doubts }: Proof): boolean {
  return doubts.some((doubt) => doubt.kind === 'login-untried' && doubt.failure.kind === 'gate-not-reached');
}

/**
 * Nobody on another machine reaches an sshd that listens on loopback alone, or on none of this machine's addresses,
 * unless the host has said how.
 */
function reachDoubts({ onlyAt, listensOn }: SystemDoor, { via, host }: DoorIntent): Doubt[] {
  if (via || host !== undefined || isAlone()) return [];
  if (onlyAt?.every(isLoopback)) return [{ kind: 'loopback-only', addresses: onlyAt }];
  const addresses = Object.values(networkInterfaces())
    .flatMap((all = []) => all.map(({ address }) => address))
    .filter((address) => reachOf(address) !== undefined);
  const isReached = addresses.length === 0 || addresses.some(listensOn);
  return isReached ? [] : [{ kind: 'reached-nowhere', addresses }];
}

/** Whether this machine has no address that another could reach. */
function isAlone(): boolean {
  return Object.values(networkInterfaces()).every((addresses = []) =>
    addresses.every(({ internal, scopeid }) => internal || (scopeid ?? 0) > 0),
  );
}

/** How an sshd of the system's is tried while a pairing lives, and what is known then. */
function systemWays(system: SystemDoor, intent: DoorIntent, world: ChoiceWorld) {
  const untried = async (): Promise<readonly Doubt[]> => [
    ...(await system.known()).doubts,
    ...reachDoubts(system, intent),
  ];
  return {
    prove: async (
      door: SystemDoor,
      guests: readonly Guest[],
      how?: Pick<ProofWorld, 'offersKeys' | 'isFresh'>,
    ) => prove(door, { ...(await proofWorld(intent, world)), guests, ...how }),
    untried,
    doubts: async (): Promise<readonly Doubt[]> => {
      const [known, doubts] = [await system.known(), await untried()];
      const isFutile = doubts.some(({ kind }) => kind === 'refusing' || kind === 'no-greeting');
      if (!known.answers || isFutile) return doubts;
      const more = await told(system.port, world, async () =>
        prove(system, await proofWorld(intent, world)),
      ).then(
        (proof) => proof.doubts,
        () => [], // The pairing is ending.
      );
      return more.every(({ kind }) => kind === 'types-untried')
        ? [...doubts.filter(({ kind }) => kind !== 'settings-unread'), ...more]
        : [...doubts, ...more];
    },
  };
}

/** Reports that somebody waits for `work`. */
async function told<T>(port: number, { tell }: ChoiceWorld, work: () => Promise<T>): Promise<T> {
  tell?.({ kind: 'trying', port });
  try {
    return await work();
  } finally {
    tell?.({ kind: 'tried', port });
  }
}

async function proofWorld({ keyFile }: DoorIntent, world: ChoiceWorld): Promise<ProofWorld> {
  return { ...world, keyFile, guests: await world.guests };
}

function forwardOr(kind: 'answers', bar: PrivateDoorBar | undefined): DoorReason {
  return bar === undefined ? { kind } : { kind: 'forward', bar };
}

/** Why the sshd on that port is not chosen. */
function reasonAgainst(port: number, verdict: Verdict): DoorReason {
  switch (verdict.kind) {
    case 'silent':
      return { kind: 'silent', port };
    case 'obstacles':
      return { kind: 'obstacles', port, obstacles: verdict.obstacles };
    case 'open':
      return { kind: 'unproven', port, doubts: verdict.doubts };
    default:
      return verdict satisfies never;
  }
}

async function anyKey(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folder = hostKeyFolder(env);
  if (hostKeyFile(folder) !== undefined) return hostKeyFile(folder);
  return openHostKey(folder).then(
    ({ file }) => file,
    () => undefined,
  );
}

/** The one address at which guests reach a private sshd, if the host has named one. */
export function onlyAddress({ bind, via }: DoorIntent): string | undefined {
  return via || bind === undefined || isAny(bind) ? undefined : bind;
}

/** Whether the host has named the port or the file of an sshd of the system's. */
function asksForSystem({ port, keyFileNamed }: DoorIntent): boolean {
  return port !== undefined || keyFileNamed;
}

/** Whether ports are to be forwarded through a door that the host has not named by its port or its file. */
function asksForPorts(intent: DoorIntent): boolean {
  return intent.forward !== 'any' && intent.forward.length > 0 && !asksForSystem(intent);
}
