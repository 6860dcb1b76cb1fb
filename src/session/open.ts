import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { deadlineIn } from '../domain/deadline.ts';
import { Refusal } from '../domain/failure.ts';
import type { Guest, NonEmpty } from '../domain/guest.ts';
import type { Fingerprint } from '../domain/public-key.ts';
import { expiryTime, findSshd, type SshdVersion, sshdVersion } from '../door/sshd-version.ts';
import { systemZone } from '../door/zone.ts';
import { armLease, createLease, grant, openGate, requireApproval, setHostPresence } from '../lease/lease.ts';
import { uptime } from '../lease/process.ts';
import { openRunDirectory, writeBelow } from '../lease/run-directory.ts';
import { bindMenuKey } from '../room/menu-key.ts';
import { claimRoom, enterCommands, openRoom, type Room } from '../room/room.ts';
import { findShared, openShared } from '../room/share.ts';
import { checkTmux, findTmux } from '../room/tmux.ts';
import { chooseDoor, type DoorChoice, keyFileFor } from './choose-door.ts';
import { armDeadMan } from './dead-man.ts';
import { type OpenDoor, openDoor } from './door.ts';
import { endAccess } from './end.ts';
import type { Live } from './live.ts';
import { noteShared, recover } from './recover.ts';
import { unlessStopped } from './stop.ts';
import type { PairIntent, World } from './world.ts';

/** Most gates at a time. */
const caps = { guest: 8, pairing: 64 };

/** A pairing that is live: guests can come. */
export interface Open {
  readonly live: Live;
  readonly room: Room;
  readonly door: OpenDoor;
}

/** What a pairing needs of this machine, looked for while the guests' keys are fetched. */
export interface Premises {
  readonly root: string;
  readonly tmux: string;
  readonly sshd: string;
  readonly version: SshdVersion;
  readonly choice: DoorChoice;
}

/**
 * Takes back what dead pairings left, and finds the programs that a pairing needs.
 * @throws Refusal
 */
export async function preparePremises(intent: PairIntent, { env, emit }: World): Promise<Premises> {
  const root = openRunDirectory(env);
  const swept = await recover(env, intent.keyFile);
  if (swept.length > 0) emit({ kind: 'swept', ids: swept.map(({ id }) => id) });

  const tmux = findTmux(env, intent.tmux);
  const sshd = findSshd(env);
  const [version, choice] = await Promise.all([
    sshdVersion(sshd),
    chooseDoor(intent, { env, sshd }),
    checkTmux(tmux),
  ]);
  return { root, tmux, sshd, version, choice };
}

/**
 * Opens a pairing: room, gate, dead man's switch, and last the lines.
 * @throws Refusal or Stopped; what was opened by then has been closed again
 */
export async function openPairing(
  intent: PairIntent,
  guests: NonEmpty<Guest>,
  premises: Premises,
  world: World,
): Promise<Open> {
  const { emit, stop } = world;
  const { choice, version } = premises;
  const startedAt = new Date();
  const live: Live = {
    lease: createLease(premises.root, keyFileFor(choice, intent), startedAt),
    startedAt,
    expiryOf: (epoch) => expiryTime(version, epoch, systemZone),
    forward: intent.forward,
    gateExisting: intent.gateExisting,
    emit,
    deadline: deadlineIn(intent.ttl, { epoch: startedAt.getTime() / 1000, sinceBoot: uptime() }),
    guests,
    out: new Set(),
    here: new Map(),
    past: [],
    waiting: [],
    onlyLooking: new Set(),
    changes: Promise.resolve(),
    told: Promise.resolve(),
    closing: [],
  };
  try {
    const room = await openTheRoom(live, intent, premises, world);
    const labelOf = (fingerprint: Fingerprint) =>
      live.guests.find(({ keys }) => keys.some((key) => key.fingerprint === fingerprint))?.label;
    const { sshd } = premises;
    const door = await unlessStopped(
      stop,
      openDoor(choice, intent, live, { env: world.env, emit, sshd, version, labelOf }),
    );
    live.door = door;
    if (intent.approve) requireApproval(live.lease);
    if (intent.seat !== 'elsewhere') setHostPresence(live.lease, true);
    for (const { label, access } of guests) openGate(live.lease, label, access);
    stop.throwIfAborted();
    const expiry = live.expiryOf(live.deadline.epoch);
    const { forward, gateExisting } = intent;
    await grant(live.lease, guests, { expiry, forward, gateExisting, stop });
    return { live, room, door };
  } catch (error) {
    const failure = await endAccess(live);
    throw failure ? new Refusal(failure) : error;
  }
}

/** Claims a room, writes the gate that leads into it, arms the dead man's switch, starts tmux. */
async function openTheRoom(
  live: Live,
  intent: PairIntent,
  { root, tmux }: Premises,
  world: World,
): Promise<Room> {
  const { lease, deadline } = live;
  const room = intent.share
    ? await findShared(tmux, world.env, intent.share === 'here' ? undefined : intent.share.name)
    : writeBelow(root, () => claimRoom(join(root, 'rooms'), tmux, lease.id, intent.session));
  live.room = room;
  const sweepThis = [...world.self, 'sweep', '--lease', lease.folder];
  armLease(lease, deadline, { caps, enter: enterCommands(room, lease.folder) }, sweepThis);
  live.deadMan = await armDeadMan(lease.deadMan, () => world.emit({ kind: 'switch-restarted' }));
  const { clock } = lease;
  if (intent.share) {
    noteShared(lease.folder, room);
    const stands = (id: string): boolean => existsSync(join(root, id));
    await openShared(room, lease.id, { clock, deadline: deadline.epoch }, stands);
    return room;
  }
  const { env, cwd, size } = world;
  const opened = await openRoom(room, {
    env,
    cwd,
    size,
    command: intent.command,
    clock,
    deadline: deadline.epoch,
  });
  live.unseen = opened === 'new';
  if (intent.menuKey) await bindMenuKey(room, intent.menuKey, [...world.self, 'menu', lease.folder]);
  return room;
}
