/** The door of a pairing, opened on its lease, and what a guest types to come through it. */

import { hostname } from 'node:os';
import type { DoorKind, Route } from '../domain/door-reason.ts';
import type { DoorIntent } from '../domain/intent.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { TunnelTrouble } from '../domain/tunnel-trouble.ts';
import { forwardObstacles, forwards } from '../door/forward-rules.ts';
import type { Known } from '../door/known.ts';
import { wrapperRules } from '../door/source-rules.ts';
import { sshCommand, sshCommandVia } from '../door/ssh-command.ts';
import { withoutStartUp } from '../door/sshd-config.ts';
import type { SshdVersion } from '../door/sshd-version.ts';
import { openAdmit } from '../lease/gate.ts';
import { forgetGroup } from '../lease/presence.ts';
import { diversionObstacles } from '../shell/diversions.ts';
import { plainEnvironment } from '../shell/login-environment.ts';
import { loginShell } from '../shell/shell.ts';
import { thisAccount } from '../system/account.ts';
import { findJump, openTunnel } from '../tunnel/tunnel.ts';
import type { DoorChoice } from './door-choice.ts';
import { watchOwn, watchSystem } from './door-watch.ts';
import type { DoorPlace, OpenDoor } from './open-door.ts';
import { type Doorstep, type DoorWorld, openPrivateDoor } from './private-door.ts';
import { waysAreKnown } from './proof.ts';

/**
 * Opens the chosen door on an armed lease, and the tunnel to it if one is asked for. Nobody comes in before lines are
 * granted.
 * @throws Refusal those of `privateDoorBar`; `host-key-refused`, `port-refused`, `program-failed`, `tunnel-failed`
 */
export async function openDoor(
  choice: DoorChoice,
  intent: DoorIntent,
  step: Doorstep,
  world: DoorWorld,
): Promise<OpenDoor> {
  const { lease, waysIn } = step;
  openAdmit(lease);
  let hear = world.emit;
  const place =
    choice.kind === 'system'
      ? placeOf(choice)
      : await openPrivate(choice.port, intent, step, world, (event) => hear(event));
  const { port, known } = place;
  const shown = choice.kind === 'system' ? choice.system.known : known;
  world.emit({ kind: 'door', door: choice.kind, port, why: choice.why });

  const user = thisAccount().name;
  let routes: readonly Route[] = [];
  let names: readonly string[] = [];
  const command = (): string => routes[0]?.command ?? '';
  let forward = intent.forward === 'any' || !world.canForward() ? [] : intent.forward;
  /** The line asks for no port that sshd refuses: a guest's ssh would report that only once they use it. */
  const leaveOut = ({ forwarding }: Pick<Known, 'forwarding'>): void => {
    forward = forward.filter((one) => forwards(forwarding, one));
  };
  let down: TunnelTrouble | undefined;
  let retry = (): void => {};
  if (intent.via) {
    const alias = aliasFor(choice.kind, intent.host ?? hostname(), user);
    const [way, answer] = await Promise.all([findJump(intent.via, user, world.env), shown()]);
    const { jumps, undone, hidden, logins } = way;
    const { hostKeys } = answer;
    leaveOut(answer);
    const move = (there: number): void => {
      routes = [{ reach: 'jump', command: sshCommandVia(jumps, { user, port: there, alias }, forward) }];
    };
    const tunnel = await openTunnel({
      jump: intent.via,
      undone,
      to: place,
      hostKeys,
      user,
      folder: lease.folder,
      admit: ['/bin/sh', lease.admit, 'tun'],
      env: world.env,
      onUp: (there) => {
        const before = command();
        down = undefined;
        move(there);
        hear({ kind: 'tunnel-up', command: command(), moved: command() !== before });
      },
      onDown: (trouble) => {
        down = trouble;
        hear({ kind: 'tunnel-down', trouble });
      },
      onEnd: (leader) => forgetGroup(lease.folder, leader),
    });
    waysIn.add('tunnel', tunnel.close);
    retry = tunnel.retry;
    move(tunnel.port);
    if (tunnel.untried)
      world.emit({ kind: 'tunnel-untried', jump: jumps.at(-1) ?? intent.via, why: tunnel.untried });
    if (hidden !== undefined) world.emit({ kind: 'jump-hidden', jump: hidden });
    if (logins.length > 0) world.emit({ kind: 'jump-logins', logins });
  }
  return {
    kind: choice.kind,
    port,
    get host() {
      return place.host;
    },
    command,
    routes: () => routes,
    addresses: () => names,
    tunnelTrouble: () => down,
    retryTunnel: () => {
      if (down !== undefined) retry();
    },
    known: async () => {
      const ways = intent.via ? undefined : world.ways(place);
      const theirs = await known();
      const ports = world.canForward() ? intent.forward : [];
      const obstacles = [...theirs.obstacles, ...forwardObstacles(theirs.forwarding, ports)];
      const answer = { ...theirs, obstacles };
      if (!ways) return answer;
      const { addresses, shadowed } = await ways;
      leaveOut(answer);
      names = addresses.map(({ host }) => host);
      routes = addresses.map(({ host, reach }) => ({
        reach,
        command: sshCommand({ user, host, port }, forward),
      }));
      return { ...answer, ...(shadowed === undefined ? {} : { shadowed }) };
    },
    listen: (listener) => {
      hear = listener;
    },
    offer: async (guests) => {
      if (choice.kind !== 'system' || !choice.prove || waysAreKnown(await choice.system.known())) return [];
      return choice.prove(choice.system, guests, { offersKeys: true }).then(
        ({ doubts }) => doubts,
        () => [], // The pairing is ending.
      );
    },
    watch: (watched) => (choice.kind === 'system' ? watchSystem(choice, watched) : watchOwn()),
  };
}

/** The system's sshd. Which addresses are its own is known only once it has been asked. */
function placeOf(choice: DoorChoice & { kind: 'system' }): DoorPlace & Pick<OpenDoor, 'host' | 'known'> {
  const { system } = choice;
  const { port, listensOn } = system;
  return {
    port,
    listensOn,
    get host() {
      return system.host;
    },
    get onlyAt() {
      return system.onlyAt;
    },
    known: () => knownOf(choice),
  };
}

/** What is known of the system's sshd once it has been tried, if nothing else tells. */
async function knownOf({ system, doubts, why }: DoorChoice & { kind: 'system' }): Promise<Known> {
  const left = await doubts(); // First, since a trial login also shows the host key.
  const known = await system.known();
  // Guests were let in before it was tried, so nobody can tell whether sshd would accept their keys by itself.
  const isBlind = why.kind === 'asked' && known.answers && !known.asked && known.greeting.kind === 'openssh';
  const unread = isBlind ? [{ kind: 'unread-settings', path: known.configFile } as const] : [];
  return { ...known, obstacles: [...known.obstacles, ...unread], doubts: left };
}

/** What files of all users may do before the gate: the account's own files are not read there. */
function sharedDiversions({ emptyHome }: Doorstep['lease'], version: SshdVersion): Obstacle[] {
  const { path: shell } = loginShell();
  const set = withoutStartUp(version, emptyHome);
  return diversionObstacles(shell, plainEnvironment({ ...thisAccount(), shell }, set));
}

/** A private one, described as the system's would be. */
async function openPrivate(
  ...own: Parameters<typeof openPrivateDoor>
): Promise<DoorPlace & Pick<OpenDoor, 'host' | 'known'>> {
  const { port, host, hostKey, rules } = await openPrivateDoor(...own);
  const [, , { lease }, { version }] = own;
  const known = {
    answers: true,
    hostKeys: [hostKey],
    obstacles: [...sharedDiversions(lease, version), ...wrapperRules()],
    doubts: [],
    rules,
    forwarding: [],
    keyFiles: [],
  };
  return { port, host, listensOn: () => true, known: async () => known };
}

/** What a guest's known_hosts calls this host behind a tunnel. A private sshd has another key than the machine. */
function aliasFor(kind: DoorKind, host: string, user: string): string {
  return kind === 'system' ? host : `tmuxpair-${user.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}-${host}`;
}
