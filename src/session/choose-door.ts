/** Which door guests come through, before anything is opened. */
import { networkInterfaces } from 'node:os';
import type { Doubt } from '../domain/doubt.ts';
import type { Failure } from '../domain/failure.ts';
import type { Guest } from '../domain/guest.ts';
import type { Jump } from '../domain/jump.ts';
import { decisive, type Obstacle } from '../domain/obstacle.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import { hostKeyFile, openHostKey } from '../door/host-key.ts';
import { keyObstacles } from '../door/key-rules.ts';
import { newEnough, type SshdVersion, sshdVersion } from '../door/sshd-version.ts';
import {
  isAny,
  isLoopback,
  type Known,
  lookAtSystem,
  portsElsewhere,
  type SystemDoor,
} from '../door/system.ts';
import { terminalsMend } from '../door/terminals.ts';
import { writeTrouble } from '../lease/write-trouble.ts';
import { hostKeyFolder } from './own-door.ts';
import { type ProofWorld, prove } from './proof.ts';

export interface DoorIntent {
  readonly door: 'auto' | 'system' | 'private';
  /** Of an sshd that runs, or for one of our own; 22, and any, where absent. */
  readonly port?: number;
  /** The address that a door of our own listens on: where absent all, or loopback with `via`. */
  readonly bind?: string;
  /** What the guest's line calls this machine. */
  readonly host?: string;
  readonly via?: Jump;
  /** Absolute. */
  readonly keyFile: string;
  /** Whether the host has named that file. */
  readonly keyFileNamed: boolean;
  readonly forward: readonly number[] | 'any';
}

/** Why this door: it was asked for; an sshd answers, with the obstacles that are known; none does; one does that won't do. */
export type DoorReason =
  /** Ports are forwarded, which an sshd of our own closes at the end; with `mend` it could make no terminals. */
  | { readonly kind: 'forward'; readonly mend?: string }
  | { readonly kind: 'asked' }
  | { readonly kind: 'answers' }
  /** Not all is known of it, and a trial login got in. */
  | { readonly kind: 'tried'; readonly doubts: readonly Doubt[] }
  /** None does on this port. One that runs on another is taken all the same. */
  | { readonly kind: 'silent'; readonly port: number }
  /** The account's `authorized_keys` file can't be written. */
  | { readonly kind: 'key-file'; readonly failure: Failure }
  /** None does, and one of our own could make no terminals. */
  | { readonly kind: 'none'; readonly port: number; readonly mend: string }
  | { readonly kind: 'obstacles'; readonly port: number; readonly obstacles: readonly Obstacle[] }
  | { readonly kind: 'unproven'; readonly port: number; readonly doubts: readonly Doubt[] }
  /** What the login shell reads keeps guests of this machine's sshd from the gate. */
  | { readonly kind: 'shell'; readonly port: number; readonly block: ShellBlock };

export type DoorChoice = (
  | {
      readonly kind: 'system';
      readonly system: SystemDoor;
      /** What is not known of it and has to be told, having tried it where nothing is known. Does not reject. */
      readonly doubts: () => Promise<readonly Doubt[]>;
      /** Tries what can be tried beside the pairing. Does not reject. @returns what has to be told, too */
      readonly beside: () => Promise<readonly Doubt[]>;
    }
  /** `system` is the one that would not do, or that is not there. */
  | { readonly kind: 'private'; readonly port?: number; readonly system?: SystemDoor }
) & {
  readonly why: DoorReason;
  /** Of the sshd that guests come through. */
  readonly version: SshdVersion;
};

export interface ChoiceWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly sshd: string;
  /** Whose keys have to be accepted. Where it rejects, so does the choice that depends on it. */
  readonly guests: Promise<readonly Guest[]>;
  /** Tries a door by logging in. */
  readonly attempt: ProofWorld['attempt'];
  /** Asks and tries anew although something is remembered. */
  readonly isFresh?: boolean;
}

type Choice = DoorChoice extends infer C ? (C extends DoorChoice ? Omit<C, 'version'> : never) : never;

/**
 * Which door it is to be. `auto` is an sshd of the system's that greets as OpenSSH, and whose settings were read and have
 * nothing against a guest: on port 22, or else on another; else one of which not all is known, where a trial login gets
 * in; else one of our own. A port that the host has named means the sshd there, whatever is to be said against it; a file
 * that they have named, any of the system's. Else forwarded ports are a reason for one of our own, whatever answers: what
 * a guest holds open there ends with the pairing.
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
  const ownMend = forwarding ? terminalsMend() : undefined;
  if (forwarding && ownMend === undefined) return { ...own, why: { kind: 'forward' } };
  const trouble = intent.door === 'auto' && !asksForSystem(intent) ? writeTrouble(intent.keyFile) : undefined;
  if (trouble && terminalsMend() === undefined)
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
    return { kind: 'system', system: usual, why: { kind: 'asked' }, ...askedFor(usual, intent, world) };

  const first = await judge(usual, intent, world);
  if (first.kind === 'good') return { ...taken(usual, first), why: forwardOr('answers', ownMend) };
  const open = [{ system: usual, verdict: first }];
  if (intent.port === undefined) {
    for (const other of await portsElsewhere(query)) {
      if (other === port) continue;
      const system = await lookAtSystem({ ...query, port: other });
      const verdict = await judge(system, intent, world);
      if (verdict.kind === 'good') return { ...taken(system, verdict), why: reasonAgainst(port, first) };
      open.push({ system, verdict });
    }
  }
  const tried = new Map<SystemDoor, readonly Doubt[]>();
  for (const { system, verdict } of open) {
    if (verdict.kind !== 'open' || !verdict.isTriable) continue;
    const proof = await prove(system, { ...(await proofWorld(intent, world)), offersKeys: true });
    const { doubts } = proof;
    if (proof.isIn) return { ...taken(system, { doubts }), why: { kind: 'tried', doubts: verdict.doubts } };
    tried.set(system, [...verdict.doubts, ...doubts]);
  }
  const theirs = { kind: 'system', system: usual, ...askedFor(usual, intent, world) } as const;
  if (isNamed) return { ...theirs, why: { kind: 'asked' } };
  const mend = first.kind === 'silent' ? terminalsMend() : undefined;
  if (mend !== undefined) return { ...theirs, why: { kind: 'none', port, mend } };
  const doubts = tried.get(usual);
  return { ...own, system: usual, why: reasonAgainst(port, doubts ? { kind: 'open', doubts } : first) };
}

/** `open` where it might do: `isTriable` where a login could tell. */
type Verdict =
  | { readonly kind: 'good'; readonly doubts: readonly Doubt[] }
  | { readonly kind: 'silent' }
  | { readonly kind: 'obstacles'; readonly obstacles: readonly Obstacle[] }
  | { readonly kind: 'open'; readonly doubts: readonly Doubt[]; readonly isTriable?: boolean };

async function judge(system: SystemDoor, intent: DoorIntent, { guests }: ChoiceWorld): Promise<Verdict> {
  if (!system.listens) return { kind: 'silent' };
  const known = await system.known();
  if (!known.answers) return { kind: 'silent' };
  const doubts = [...known.doubts, ...reachDoubts(system, intent)];
  const obstacles = decisive([...known.obstacles, ...keyObstacles(known.rules, await guests)]);
  return verdictOn({ ...known, obstacles, doubts });
}

/** Of what is known of an sshd that listens; pure. */
export function verdictOn({
  asked,
  obstacles,
  doubts,
}: Pick<Known, 'asked' | 'obstacles' | 'doubts'>): Verdict {
  if (obstacles.length > 0) return { kind: 'obstacles', obstacles };
  // That it refuses this machine for a while says nothing of guests, who come from elsewhere.
  if (asked && doubts.every(({ kind }) => kind === 'refusing')) return { kind: 'good', doubts };
  const isTriable = doubts.every(({ kind }) => kind.startsWith('settings-'));
  return { kind: 'open', doubts, isTriable };
}

/** Nobody on another machine comes to an address of loopback, unless the host has said how. */
function reachDoubts({ onlyAt }: SystemDoor, { via, host }: DoorIntent): Doubt[] {
  if (!onlyAt?.every(isLoopback) || via || host !== undefined || isAlone()) return [];
  return [{ kind: 'loopback-only', addresses: onlyAt }];
}

/** Whether this machine has no address that another could reach. */
function isAlone(): boolean {
  return Object.values(networkInterfaces()).every((addresses = []) =>
    addresses.every(({ internal, scopeid }) => internal || (scopeid ?? 0) > 0),
  );
}

/** An sshd that was found to do. */
function taken(system: SystemDoor, { doubts }: { readonly doubts: readonly Doubt[] }) {
  return { kind: 'system', system, doubts: async () => doubts, beside: async () => [] } as const;
}

/** An sshd that was asked for, of which nothing need be known before the pairing is live. */
function askedFor(system: SystemDoor, intent: DoorIntent, world: ChoiceWorld) {
  const all = async (): Promise<{ known: Known; doubts: readonly Doubt[] }> => {
    const known = await system.known();
    return { known, doubts: [...known.doubts, ...reachDoubts(system, intent)] };
  };
  const tried = async (): Promise<readonly Doubt[]> => {
    try {
      return (await prove(system, await proofWorld(intent, world))).doubts;
    } catch {
      return []; // The pairing ends.
    }
  };
  return {
    doubts: async () => {
      const { known, doubts } = await all();
      const isFutile = doubts.some(({ kind }) => kind === 'refusing' || kind === 'no-greeting');
      if (!known.answers || known.asked || isFutile) return doubts;
      const more = await tried();
      return more.every(({ kind }) => kind === 'types-untried')
        ? [...doubts.filter(({ kind }) => kind !== 'settings-unread'), ...more]
        : [...doubts, ...more];
    },
    beside: async () => {
      const { known, doubts } = await all();
      if (!known.asked || !doubts.some(({ kind }) => kind.startsWith('settings-'))) return [];
      return (await tried()).filter(({ kind }) => kind !== 'types-untried');
    },
  };
}

async function proofWorld({ keyFile }: DoorIntent, world: ChoiceWorld): Promise<ProofWorld> {
  return { ...world, keyFile, guests: await world.guests };
}

function forwardOr(kind: 'answers', mend: string | undefined): DoorReason {
  return mend === undefined ? { kind } : { kind: 'forward', mend };
}

/** Why it is not the sshd on that port. */
function reasonAgainst(port: number, verdict: Exclude<Verdict, { kind: 'good' }>): DoorReason {
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

/** The one address that guests reach a door of our own by, where the host has named one. */
export function onlyAddress({ bind, via }: DoorIntent): string | undefined {
  return via || bind === undefined || isAny(bind) ? undefined : bind;
}

/** Whether the host has named the port or the file of an sshd of the system's. */
function asksForSystem({ port, keyFileNamed }: DoorIntent): boolean {
  return port !== undefined || keyFileNamed;
}

/** Whether ports are to be forwarded, by a door that the host has not named by its port or its file. */
function asksForPorts(intent: DoorIntent): boolean {
  return intent.forward !== 'any' && intent.forward.length > 0 && !asksForSystem(intent);
}
