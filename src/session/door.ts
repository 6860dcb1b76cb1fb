/** The door of a pairing: which one, opened on a lease, and what a guest types to come through it. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { refuse } from '../domain/failure.ts';
import type { Label } from '../domain/guest.ts';
import type { Jump } from '../domain/jump.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { Fingerprint, PublicKey } from '../domain/public-key.ts';
import { openHostKey } from '../door/host-key.ts';
import { guessHost } from '../door/host-name.ts';
import { listeners } from '../door/listeners.ts';
import { openPrivateDoor, preferredPort } from '../door/private.ts';
import { sshCommand, sshCommandVia } from '../door/ssh-command.ts';
import type { SshdVersion } from '../door/sshd-version.ts';
import { lookAtSystem, type SystemDoor } from '../door/system.ts';
import { terminalsMend } from '../door/terminals.ts';
import { openTunnel, resolveJump } from '../door/tunnel.ts';
import { isGateOpen, type Lease, openAdmit, sever } from '../lease/lease.ts';
import { forgetGroup, nameConnection } from '../lease/presence.ts';
import { machineName } from '../lease/process.ts';
import { stateDirectory } from '../lease/run-directory.ts';
import type { Event } from './events.ts';

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

/** Why this door: it was asked for; an sshd answers (with the obstacles that are known); none does; one does that won't do. */
export type DoorReason =
  | { readonly kind: 'asked' }
  | { readonly kind: 'answers' }
  | { readonly kind: 'silent'; readonly port: number }
  /** None does on this port, but one runs here: on another, then. */
  | { readonly kind: 'elsewhere'; readonly port: number }
  /** None does, and one of our own could make no terminals. */
  | { readonly kind: 'none'; readonly port: number; readonly mend: string }
  | { readonly kind: 'obstacles'; readonly port: number; readonly obstacles: readonly Obstacle[] };

export type DoorChoice = (
  | { readonly kind: 'system'; readonly system: SystemDoor }
  /** `system` is the one that would not do, or that is not there. */
  | { readonly kind: 'private'; readonly port?: number; readonly system?: SystemDoor }
) & {
  readonly why: DoorReason;
  /** What the guest's line calls this machine. Resolves late, and does not reject. */
  readonly host: Promise<string>;
};

export interface OpenDoor {
  readonly kind: DoorChoice['kind'];
  /** On this machine. */
  readonly port: number;
  /** Whether an sshd answers there. */
  readonly answers: boolean;
  readonly hostKeys: readonly PublicKey[];
  /** What is known to be against it. */
  readonly obstacles: readonly Obstacle[];
  /** What a guest has to type now: a tunnel may have to move. */
  command(): string;
  /** Has what becomes of the tunnel from now on told to `hear`, which emits it. */
  listen(hear: (event: Event) => void): void;
}

/** What a door is opened on. */
export interface Doorstep {
  readonly lease: Lease;
  /** Gets what lets nobody in any more. Whoever is in is the lease's to end. */
  readonly closing: (() => void)[];
}

/** What a door needs of the world. */
export interface DoorWorld {
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of sshd, and its version. */
  readonly sshd: string;
  readonly emit: (event: Event) => void;
}

/**
 * Which door it is to be. `auto` is the system's where an sshd answers that would let a guest in, or one runs that must
 * be listening on another port, or one of our own could make no terminals; else it is one of our own. A port or a file that the host has named means the sshd that answers there, whatever is to be said
 * against it.
 */
export async function chooseDoor(
  intent: DoorIntent,
  { env, sshd }: Pick<DoorWorld, 'env' | 'sshd'>,
): Promise<DoorChoice> {
  const host = intent.host === undefined ? guessHost() : Promise.resolve(intent.host);
  const own = { kind: 'private', host, ...(intent.port === undefined ? {} : { port: intent.port }) } as const;
  const asked = { kind: 'asked' } as const;
  if (intent.door === 'private' || (intent.door === 'auto' && intent.bind !== undefined))
    return { ...own, why: asked };
  const port = intent.port ?? 22;
  const anyKey = async (): Promise<string> => (await openHostKey(hostKeyFolder(env))).file;
  const system = await lookAtSystem({ sshd, port, keyFile: intent.keyFile, anyKey });
  const theirs = { kind: 'system', host, system } as const;
  if (intent.door === 'system') return { ...theirs, why: asked };
  if (!system.answers) {
    if (intent.keyFileNamed) return { ...theirs, why: asked };
    if (intent.port === undefined && (await runsElsewhere()))
      return { ...theirs, why: { kind: 'elsewhere', port } };
    const mend = terminalsMend();
    if (mend !== undefined) return { ...theirs, why: { kind: 'none', port, mend } };
    return { ...own, system, why: { kind: 'silent', port } };
  }
  const { obstacles } = system;
  return obstacles.length === 0 || intent.port !== undefined || intent.keyFileNamed
    ? { ...theirs, why: { kind: 'answers' } }
    : { ...own, system, why: { kind: 'obstacles', port, obstacles } };
}

/** Whether an sshd runs here, a door of some pairing aside: where none answers on the usual port, on another. */
async function runsElsewhere(): Promise<boolean> {
  return (await listeners()).some(({ config }) => !config.some((word) => word.includes('/tmuxpair/')));
}

/** What a lease is to write its lines to (see `createLease`). */
export function keyFileFor(choice: DoorChoice, intent: DoorIntent): string {
  return choice.kind === 'private' ? 'own' : intent.keyFile;
}

/**
 * Opens the chosen door on an armed lease, and the tunnel to it where one is asked for. Nobody comes in before lines
 * are granted.
 * @param labelOf whose key that is
 * @throws Refusal `no-terminals`, `host-key-refused`, `port-refused`, `program-failed`, `tunnel-failed`
 */
export async function openDoor(
  choice: DoorChoice,
  intent: DoorIntent,
  step: Doorstep,
  world: DoorWorld & {
    readonly version: SshdVersion;
    readonly labelOf: (fingerprint: Fingerprint) => Label | undefined;
  },
): Promise<OpenDoor> {
  const { lease, closing } = step;
  openAdmit(lease);
  const { port, answers, hostKeys, obstacles } =
    choice.kind === 'system' ? choice.system : await openOwn(choice, intent, step, world);
  world.emit({ kind: 'door', door: choice.kind, port, why: choice.why });

  const user = userInfo().username;
  const host = await choice.host;
  let command = sshCommand({ user, host, port });
  let hear = world.emit;
  if (intent.via) {
    const alias = aliasFor(choice.kind, host, user);
    const jump = await resolveJump(intent.via);
    const lineFor = (there: number): string => sshCommandVia(jump, { user, port: there, alias });
    const tunnel = await openTunnel({
      jump: intent.via,
      to: port,
      admit: [lease.admit, 'tun'],
      env: world.env,
      onUp: (there) => {
        const moved = command !== lineFor(there);
        command = lineFor(there);
        hear({ kind: 'tunnel-up', command, moved });
      },
      onDown: (detail) => hear({ kind: 'tunnel-down', detail }),
      onEnd: (leader) => forgetGroup(lease.folder, leader),
    });
    closing.push(tunnel.close);
    command = lineFor(tunnel.port);
  }
  return {
    kind: choice.kind,
    port,
    answers,
    hostKeys: await hostKeys,
    obstacles,
    command: () => command,
    listen: (listener) => {
      hear = listener;
    },
  };
}

async function openOwn(
  choice: DoorChoice & { kind: 'private' },
  intent: DoorIntent,
  { lease, closing }: Doorstep,
  world: Parameters<typeof openDoor>[3],
): Promise<Pick<SystemDoor, 'port' | 'answers' | 'hostKeys' | 'obstacles'>> {
  const { username: user } = userInfo();
  const { folder } = lease;
  const mend = terminalsMend();
  if (mend !== undefined) refuse({ kind: 'no-terminals', mend });
  const hostKey = await openHostKey(hostKeyFolder(world.env));
  const door = await openPrivateDoor({
    sshd: world.sshd,
    version: world.version,
    configFile: join(folder, 'sshd_config'),
    keyFile: lease.keyFile,
    hostKeyFile: hostKey.file,
    user,
    forward: intent.forward,
    bind: intent.bind ?? (intent.via ? '127.0.0.1' : undefined),
    port: choice.port,
    preferred: preferredPort(`${user}@${machineName()}`),
    admit: [lease.admit, 'con'],
    onLogin: ({ leader, fingerprint }) => {
      const name = (): boolean => {
        const label = world.labelOf(fingerprint);
        if (label !== undefined) nameConnection(folder, leader, label);
        // Kicked between sshd's look at the keys and ours at its log.
        if (label !== undefined && !isGateOpen(lease, label)) sever(folder, label).catch(() => {});
        return label !== undefined;
      };
      // One who is being invited is written to the file before they are known here.
      if (!name()) setTimeout(() => name() || forgetGroup(folder, leader), 1000).unref();
    },
    onEnd: (leader) => forgetGroup(folder, leader),
    onLog: (line) => world.emit({ kind: 'door-log', line }),
  });
  closing.push(door.close);
  return { port: door.port, answers: true, hostKeys: Promise.resolve([hostKey.key]), obstacles: [] };
}

function hostKeyFolder(env: NodeJS.ProcessEnv): string {
  return join(stateDirectory(env), 'door');
}

/** What a guest's known_hosts calls this host behind a tunnel. A door of our own has another key than the machine. */
function aliasFor(kind: DoorChoice['kind'], host: string, user: string): string {
  return kind === 'system' ? host : `tmuxpair-${user.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}-${host}`;
}
