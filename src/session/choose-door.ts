/** Which door guests come through, before anything is opened. */
import type { Failure } from '../domain/failure.ts';
import type { Guest } from '../domain/guest.ts';
import type { Jump } from '../domain/jump.ts';
import { decisive, type Obstacle } from '../domain/obstacle.ts';
import { hostKeyFile, openHostKey } from '../door/host-key.ts';
import { keyObstacles } from '../door/key-rules.ts';
import { newEnough, type SshdVersion, sshdVersion } from '../door/sshd-version.ts';
import { type Known, lookAtSystem, lookElsewhere, type SystemDoor } from '../door/system.ts';
import { terminalsMend } from '../door/terminals.ts';
import { writeTrouble } from '../lease/write-trouble.ts';
import { hostKeyFolder } from './own-door.ts';

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
  /** None does on this port. One that runs on another is taken all the same. */
  | { readonly kind: 'silent'; readonly port: number }
  /** The account's `authorized_keys` file can't be written. */
  | { readonly kind: 'key-file'; readonly failure: Failure }
  /** None does, and one of our own could make no terminals. */
  | { readonly kind: 'none'; readonly port: number; readonly mend: string }
  | { readonly kind: 'obstacles'; readonly port: number; readonly obstacles: readonly Obstacle[] };

export type DoorChoice = (
  | { readonly kind: 'system'; readonly system: SystemDoor }
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
}

type Choice = DoorChoice extends infer C ? (C extends DoorChoice ? Omit<C, 'version'> : never) : never;

/**
 * Which door it is to be. `auto` is the system's where an sshd answers that would let a guest in, on another port where
 * none does on the usual one, or where one of our own could make no terminals; else it is one of our own. A port or a file
 * that the host has named means the sshd that answers there, whatever is to be said against it. Else forwarded ports
 * are a reason for one of our own, whatever answers: what a guest holds open there ends with the pairing.
 * @throws Refusal `program-too-old`, `program-failed`
 */
export async function chooseDoor(intent: DoorIntent, world: ChoiceWorld): Promise<DoorChoice> {
  const choice = await choose(intent, world);
  const greeted = choice.kind === 'system' ? choice.system.version : undefined;
  return { ...choice, version: greeted ? newEnough(greeted) : await sshdVersion(world.sshd) };
}

async function choose(intent: DoorIntent, { env, sshd, guests }: ChoiceWorld): Promise<Choice> {
  const own = { kind: 'private', ...(intent.port === undefined ? {} : { port: intent.port }) } as const;
  const asked = { kind: 'asked' } as const;
  if (intent.door === 'private' || (intent.door === 'auto' && intent.bind !== undefined))
    return { ...own, why: asked };
  const forwarding = intent.door === 'auto' && asksForPorts(intent);
  const ownMend = forwarding ? terminalsMend() : undefined;
  if (forwarding && ownMend === undefined) return { ...own, why: { kind: 'forward' } };
  const isNamed = intent.port !== undefined || intent.keyFileNamed;
  const trouble = intent.door === 'auto' && !isNamed ? writeTrouble(intent.keyFile) : undefined;
  if (trouble && terminalsMend() === undefined)
    return { ...own, why: { kind: 'key-file', failure: trouble } };
  const port = intent.port ?? 22;
  const keys = hostKeyFolder(env);
  const anyKey = async (): Promise<string | undefined> => {
    if (hostKeyFile(keys) !== undefined) return hostKeyFile(keys);
    return openHostKey(keys).then(
      ({ file }) => file,
      () => undefined,
    );
  };
  const query = { sshd, keyFile: intent.keyFile, anyKey };
  const against = async ({ obstacles, rules }: Known): Promise<Obstacle[]> =>
    decisive([...obstacles, ...keyObstacles(rules, await guests)]);
  const suits = async (known: Known): Promise<boolean> => (await against(known)).length === 0;
  const system = await lookAtSystem({ ...query, port }, intent.door === 'auto' && !isNamed);
  const other = system.listens || intent.port !== undefined ? undefined : await lookElsewhere(query, suits);
  if (other) return { kind: 'system', system: other, why: { kind: 'silent', port } };
  const theirs = { kind: 'system', system } as const;
  if (intent.door === 'system') return { ...theirs, why: asked };
  if (!system.listens) {
    if (intent.keyFileNamed) return { ...theirs, why: asked };
    const mend = terminalsMend();
    if (mend !== undefined) return { ...theirs, why: { kind: 'none', port, mend } };
    return { ...own, system, why: { kind: 'silent', port } };
  }
  const obstacles = isNamed ? [] : await against(await system.known());
  return obstacles.length === 0
    ? { ...theirs, why: ownMend === undefined ? { kind: 'answers' } : { kind: 'forward', mend: ownMend } }
    : { ...own, system, why: { kind: 'obstacles', port, obstacles } };
}

/** The one address that guests reach a door of our own by, where the host has named one. */
export function onlyAddress({ bind, via }: DoorIntent): string | undefined {
  return via || bind === undefined || /^(0\.0\.0\.0|::)$/.test(bind) ? undefined : bind;
}

/** Whether ports are to be forwarded, by a door that the host has not named by its port or its file. */
function asksForPorts({ forward, port, keyFileNamed }: DoorIntent): boolean {
  return forward !== 'any' && forward.length > 0 && port === undefined && !keyFileNamed;
}
