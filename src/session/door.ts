/** The door of a pairing, opened on its lease, and what a guest types to come through it. */
import { userInfo } from 'node:os';
import type { Obstacle } from '../domain/obstacle.ts';
import type { PublicKey } from '../domain/public-key.ts';
import { sshCommand, sshCommandVia } from '../door/ssh-command.ts';
import type { SystemDoor } from '../door/system.ts';
import { openTunnel, resolveJump } from '../door/tunnel.ts';
import { openAdmit } from '../lease/lease.ts';
import { forgetGroup } from '../lease/presence.ts';
import type { DoorChoice, DoorIntent } from './choose-door.ts';
import type { Event } from './events.ts';
import { type Doorstep, type DoorWorld, openOwnDoor } from './own-door.ts';

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

/**
 * Opens the chosen door on an armed lease, and the tunnel to it where one is asked for. Nobody comes in before lines
 * are granted.
 * @throws Refusal `no-terminals`, `host-key-refused`, `port-refused`, `program-failed`, `tunnel-failed`
 */
export async function openDoor(
  choice: DoorChoice,
  intent: DoorIntent,
  step: Doorstep,
  world: DoorWorld,
): Promise<OpenDoor> {
  const { lease, closing } = step;
  openAdmit(lease);
  const { port, answers, hostKeys, obstacles } =
    choice.kind === 'system' ? choice.system : await openPrivate(choice.port, intent, step, world);
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

/** One of our own, as the system's would be described. */
async function openPrivate(
  ...own: Parameters<typeof openOwnDoor>
): Promise<Pick<SystemDoor, 'port' | 'answers' | 'hostKeys' | 'obstacles'>> {
  const { port, hostKey } = await openOwnDoor(...own);
  return { port, answers: true, hostKeys: Promise.resolve([hostKey]), obstacles: [] };
}

/** What a guest's known_hosts calls this host behind a tunnel. A door of our own has another key than the machine. */
function aliasFor(kind: DoorChoice['kind'], host: string, user: string): string {
  return kind === 'system' ? host : `tmuxpair-${user.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}-${host}`;
}
