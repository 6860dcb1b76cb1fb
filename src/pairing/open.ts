import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Deadline, deadlineIn } from '../domain/deadline.ts';
import { Refusal } from '../domain/failure.ts';
import type { Guest, Label, NonEmpty } from '../domain/guest.ts';
import type { PairIntent } from '../domain/intent.ts';
import type { Fingerprint } from '../domain/public-key.ts';
import type { Ways } from '../door/host-name.ts';
import { expiryTime, findSshd } from '../door/sshd-version.ts';
import { systemZone } from '../door/zone.ts';
import { openDoor } from '../entrance/door.ts';
import type { DoorChoice } from '../entrance/door-choice.ts';
import type { DoorPlace, OpenDoor } from '../entrance/open-door.ts';
import { provenDoor } from '../entrance/proven-door.ts';
import { waysOf } from '../entrance/ways.ts';
import { setDeadline } from '../lease/deadline-file.ts';
import { openGate, requireApproval, setHostPresence } from '../lease/gate.ts';
import { grant } from '../lease/grant.ts';
import { prepareEdit } from '../lease/key-file.ts';
import { armClock, armLease, createLease, inOwnFile, shutGate } from '../lease/lease.ts';
import { uptime } from '../lease/process.ts';
import { openRunDirectory, writeBelow } from '../lease/run-directory.ts';
import { checkWritable } from '../lease/write-trouble.ts';
import { claimRoom, type Room } from '../room/claim.ts';
import { bindMenuKey } from '../room/menu-key.ts';
import { enterCommands, openRoom, showDeadline } from '../room/room.ts';
import { findShared, openShared } from '../room/share.ts';
import { findTmux, tmuxVersion } from '../room/tmux.ts';
import { armDeadMan } from './dead-man.ts';
import { endAccess } from './end.ts';
import { inTurn, type Live } from './live.ts';
import { noOtherWays, noteLines, noteSystem } from './other-ways.ts';
import { noteShared, recover } from './recover.ts';
import { Stopped, unlessStopped } from './stop.ts';
import type { World } from './world.ts';

/** Most gates at a time. */
const caps = { guest: 8, pairing: 64 };

/** How long, in seconds, guests may take to be resolved. */
const patience = 7 * 86_400;

/** A pairing that is live: guests can come. */
export interface Open {
  readonly live: Live;
  readonly room: Room;
  readonly door: OpenDoor;
}

/**
 * Chooses the door, while the room is opened. Once `giveUp` is aborted what it has opened is closed again, and it rejects.
 * @throws Refusal; Stopped
 */
export type ChooseDoor = (
  sshd: string,
  guests: Promise<NonEmpty<Guest>>,
  giveUp: AbortSignal,
) => Promise<DoorChoice>;

/**
 * Takes back what dead pairings left, and opens one: room, gate, dead man's switch, door, and last the lines. While
 * guests are still being resolved, all is made ready for them but the lines.
 * @param guests who is let in; nobody where it rejects
 * @throws Refusal, Stopped, and whatever `guests` rejects with; what was opened by then has been closed again
 */
export async function openPairing(
  intent: PairIntent,
  guests: Promise<NonEmpty<Guest>>,
  world: World,
  choose: ChooseDoor,
): Promise<Open> {
  const { env, emit, stop } = world;
  guests.catch(() => {}); // It is waited for below, if nothing else fails before.
  const tmux = findTmux(env, intent.tmux);
  const sshd = findSshd(env);
  const root = openRunDirectory(env);
  const swept = await recover(env, intent.keyFile);
  if (swept.length > 0) emit({ kind: 'swept', ids: swept.map(({ id }) => id) });
  stop.throwIfAborted();

  const startedAt = new Date();
  const live: Live = {
    lease: createLease(root, intent.keyFile, startedAt),
    startedAt,
    expiryOf: () => undefined,
    forward: intent.forward,
    gateExisting: intent.gateExisting,
    emit,
    deadline: deadlineFrom(startedAt, intent),
    guests: [],
    lines: [],
    trouble: [],
    out: new Set(),
    loggedIn: new Set(),
    astray: new Map(),
    kicked: [],
    otherWays: noOtherWays,
    here: new Map(),
    past: [],
    waiting: [],
    onlyLooking: new Set(),
    changes: Promise.resolve(),
    told: Promise.resolve(),
    closing: [],
  };
  let opening: Promise<void> | undefined;
  let choosing: Promise<DoorChoice> | undefined;
  const failed = new AbortController();
  try {
    const room = await takeRoom(live, intent, { root, tmux }, world);
    stop.throwIfAborted();
    opening = openTheRoom(live, intent, room, world);
    const roomFails = opening.then(() => new Promise<never>(() => {}));
    const giveUp = AbortSignal.any([stop, failed.signal]);
    live.closing.push(() => failed.abort(new Stopped('SIGTERM')));
    const resolving = unlessStopped(giveUp, guests);
    resolving.catch(() => {}); // Not every choice waits for it.
    choosing = choose(sshd, resolving, giveUp);
    const onSlow = (shell: string): void => emit({ kind: 'shell-slow', shell });
    const proving = provenDoor(choosing, intent, live, { env, sshd, tmux, onSlow });
    const resolved = Promise.all([proving, guests]);
    const [choice, invited] = await unlessStopped(stop, Promise.race([resolved, roomFails]));
    live.guests = invited;
    const noted = noteSystem(live, choice);
    live.expiryOf = (epoch) => expiryTime(choice.version, epoch, systemZone);
    if (choice.kind === 'private') live.lease = inOwnFile(live.lease);
    else checkWritable(intent.keyFile);
    startTheClock(live, intent);
    const guestOf = (fingerprint: Fingerprint) =>
      live.guests.find(({ keys }) => keys.some((key) => key.fingerprint === fingerprint));
    const note = (label: Label) => void live.loggedIn.add(label);
    const ways = (place: DoorPlace): Promise<Ways> => waysOf(intent, env, place);
    const canForward = (): boolean => invited.some(({ access }) => access === 'read-write');
    const { version } = choice;
    const step = { env, emit, sshd, version, ways, canForward, guestOf, note, caps };
    const door = await unlessStopped(stop, Promise.race([openDoor(choice, intent, live, step), roomFails]));
    live.door = door;
    if (intent.approve) requireApproval(live.lease);
    if (intent.seat !== 'elsewhere') setHostPresence(live.lease, true);
    for (const { label, access } of invited) openGate(live.lease, label, access);
    await opening;
    if (isLate(live)) {
      startTheClock(live, intent);
      await showDeadline(room, live.deadline.epoch);
    }
    await unlessStopped(stop, noted);
    noteLines(live, invited);
    const expiry = live.expiryOf(live.deadline.epoch);
    const { forward, gateExisting } = intent;
    live.mayHaveLines = true;
    live.lines = await grant(live.lease, invited, { expiry, forward, gateExisting, stop });
    const { menuKey } = intent;
    if (menuKey) {
      const menu = [...world.self, 'menu', live.lease.folder];
      void inTurn(live, () => bindMenuKey(room, menuKey, menu));
    }
    return { live, room, door };
  } catch (error) {
    shutGate(live.lease.folder);
    for (const close of live.closing) close();
    // To their ends, whatever comes: what they have started has to be closed again.
    await choosing?.catch(() => {});
    await opening?.catch(() => {});
    const failure = await endAccess(live);
    throw failure ? new Refusal(failure) : error;
  }
}

function deadlineFrom(start: Date, { ttl }: Pick<PairIntent, 'ttl'>): Deadline {
  return deadlineIn(ttl, { epoch: start.getTime() / 1000, sinceBoot: uptime() });
}

/** The deadline of the gate and of the clock from now on. Time counts from now where it took a while to get here. */
function startTheClock(live: Live, intent: PairIntent): void {
  if (isLate(live)) live.deadline = deadlineFrom(new Date(), intent);
  writeBelow(live.lease.folder, () => setDeadline(live.lease, live.deadline));
}

function isLate({ startedAt }: Live): boolean {
  return Date.now() - startedAt.getTime() > 1000;
}

/** Claims a room, or finds the one that is shared. */
async function takeRoom(
  live: Live,
  intent: PairIntent,
  { root, tmux }: { readonly root: string; readonly tmux: string },
  world: World,
): Promise<Room> {
  const { lease } = live;
  if (intent.share) await tmuxVersion(tmux);
  const room = intent.share
    ? await findShared(tmux, world.env, intent.share === 'here' ? undefined : intent.share.name)
    : writeBelow(root, () => claimRoom(join(root, 'rooms'), tmux, lease.id, intent.session));
  live.room = room;
  return room;
}

/**
 * Starts tmux and arms the lease meanwhile: gate and dead man's switch. Or makes a place for guests in the session that
 * is shared.
 */
async function openTheRoom(live: Live, intent: PairIntent, room: Room, world: World): Promise<void> {
  const { lease, deadline } = live;
  const sweepThis = [...world.self, 'sweep', '--lease', lease.folder];
  // Nobody can come in yet, and the clock must not end what waits for the host's answer to a question.
  armClock(lease, deadlineFrom(live.startedAt, { ttl: intent.ttl + patience }), sweepThis);
  const arm = async (): Promise<void> => {
    armLease(lease, { caps, enter: enterCommands(room, lease.folder) }, sweepThis);
    live.deadMan = await armDeadMan(lease.deadMan, () => world.emit({ kind: 'switch-restarted' }));
  };
  const { clock } = lease;
  if (intent.share) {
    await arm();
    noteShared(lease.folder, room);
    const stands = (id: string): boolean => existsSync(join(dirname(lease.folder), id));
    return openShared(room, lease.id, { clock, deadline: deadline.epoch }, stands);
  }
  const { env, cwd, size } = world;
  const opening = openRoom(room, {
    env,
    cwd,
    size,
    command: intent.command,
    clock,
    deadline: deadline.epoch,
  });
  const arming = arm(); // Second, since tmux takes longer.
  if (intent.door !== 'private') void prepareEdit(intent.keyFile);
  await Promise.allSettled([arming, opening]); // What is to be closed again has been opened by then.
  live.unseen = (await opening) === 'new';
  await arming;
}
