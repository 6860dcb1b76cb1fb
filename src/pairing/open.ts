import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal } from '../domain/failure.ts';
import type { Guest, Label, NonEmpty } from '../domain/guest.ts';
import type { PairIntent } from '../domain/intent.ts';
import type { Fingerprint } from '../domain/public-key.ts';
import type { Ways } from '../door/host-name.ts';
import { expiryTime, findSshd } from '../door/sshd-version.ts';
import { systemZone } from '../door/zone.ts';
import { waysOf } from '../entrance/addresses.ts';
import { openDoor } from '../entrance/door.ts';
import type { DoorChoice } from '../entrance/door-choice.ts';
import type { DoorPlace } from '../entrance/open-door.ts';
import { provenDoor } from '../entrance/proven-door.ts';
import { openGate, requireApproval, setHostPresence } from '../lease/gate.ts';
import { grant } from '../lease/grant.ts';
import { prepareEdit } from '../lease/key-file.ts';
import { armClock, armLease, createLease, inOwnFile, removeLease, shutGate } from '../lease/lease.ts';
import { openRunDirectory, writeBelow } from '../lease/run-directory.ts';
import { checkWritable } from '../lease/write-trouble.ts';
import { claimRoom, type Room } from '../room/claim.ts';
import { bindMenuKey } from '../room/menu-key.ts';
import { closeRoom, enterCommands, leaveRoom, openRoom } from '../room/room.ts';
import { findShared, leaveShared, openShared } from '../room/share.ts';
import { showDeadline } from '../room/status-segment.ts';
import { findTmux, tmuxVersion } from '../room/tmux.ts';
import { Resources } from '../system/resources.ts';
import { Turns } from '../system/turns.ts';
import type { PairingContext } from './context.ts';
import { armDeadMan, type DeadMan } from './dead-man.ts';
import { deadlineFrom, isLate, startDeadline } from './deadline.ts';
import { endAccess } from './end.ts';
import type { Live, Pairing } from './live.ts';
import { lookoutFor } from './lookout.ts';
import { noOtherWays, noteLines, noteSystem } from './other-ways.ts';
import { noteShared, recover } from './recover.ts';
import { Roster } from './roster.ts';
import { Sinks } from './sinks.ts';
import { Life } from './state.ts';
import { Stopped, unlessStopped } from './stop.ts';

/** The most gates at a time. */
const caps = { guest: 8, pairing: 64 };

/** How long, in seconds, it may take to resolve the guests. */
const resolvingSeconds = 7 * 86_400;

/**
 * Chooses the door while the room is being opened. Once `giveUp` is aborted, it closes what it has opened, and rejects.
 * @throws Refusal; Stopped
 */
export type ChooseDoor = (
  sshd: string,
  guests: Promise<NonEmpty<Guest>>,
  giveUp: AbortSignal,
) => Promise<DoorChoice>;

/**
 * Takes back what dead pairings left, and opens one: room, gate, dead man's switch, door, and last the lines. While
 * guests are still being resolved, everything but the lines is made ready for them.
 * @param guests who is let in; nobody if it rejects
 * @throws Refusal, Stopped, and whatever `guests` rejects with; what was opened by then has been closed again
 */
export async function openPairing(
  intent: PairIntent,
  guests: Promise<NonEmpty<Guest>>,
  world: PairingContext,
  choose: ChooseDoor,
): Promise<Live> {
  const { env, emit, stop } = world;
  guests.catch(() => {}); // Awaited below, unless something else fails first.
  const tmux = findTmux(env, intent.tmux);
  const sshd = findSshd(env);
  const root = openRunDirectory(env);
  const swept = await recover(env, intent.keyFile);
  if (swept.length > 0) emit({ kind: 'swept', ids: swept.map(({ id }) => id) });
  stop.throwIfAborted();

  const startedAt = new Date();
  const pairing: Pairing = {
    lease: createLease(root, intent.keyFile, startedAt),
    startedAt,
    life: new Life(),
    roster: new Roster(),
    sinks: new Sinks({ hear: emit }),
    deadline: deadlineFrom(startedAt, intent.ttl),
    otherWays: noOtherWays,
    gateExisting: intent.gateExisting,
    forward: intent.forward,
    waysIn: new Resources(),
    opened: new Resources(),
    safeguards: new Resources(),
    changes: new Turns(),
    unseen: false,
  };
  const { life, roster, waysIn, safeguards } = pairing;
  const { folder } = pairing.lease;
  safeguards.add('lease', () => removeLease(folder));
  let opening: Promise<DeadMan> | undefined;
  let choosing: Promise<DoorChoice> | undefined;
  const failed = new AbortController();
  try {
    const room = await takeRoom(pairing, intent, { root, tmux }, world);
    stop.throwIfAborted();
    opening = openTheRoom(pairing, intent, room, world);
    const roomFails = opening.then(() => new Promise<never>(() => {}));
    const giveUp = AbortSignal.any([stop, failed.signal]);
    waysIn.add('choice', () => failed.abort(new Stopped('SIGTERM')));
    const resolving = unlessStopped(giveUp, guests);
    resolving.catch(() => {}); // Not every choice awaits it.
    choosing = choose(sshd, resolving, giveUp);
    const onSlow = (shell: string): void => emit({ kind: 'shell-slow', shell });
    const guarded = { lease: pairing.lease, isOver: () => life.isOver };
    const proving = provenDoor(choosing, intent, guarded, { env, sshd, tmux, onSlow });
    const resolved = Promise.all([proving, guests]);
    const [{ choice, shell }, invited] = await unlessStopped(stop, Promise.race([resolved, roomFails]));
    roster.invite(invited);
    const noted = noteSystem(pairing, choice);
    if (choice.kind === 'private') pairing.lease = inOwnFile(pairing.lease);
    else checkWritable(intent.keyFile);
    startDeadline(pairing, intent.ttl);
    const { lease } = pairing;
    const guestOf = (fingerprint: Fingerprint) =>
      roster.guests.find(({ keys }) => keys.some((key) => key.fingerprint === fingerprint));
    const note = (label: Label) => roster.noteLogin(label);
    const ways = (place: DoorPlace): Promise<Ways> => waysOf(intent, env, place);
    const canForward = (): boolean => invited.some(({ access }) => access === 'read-write');
    const { version } = choice;
    const step = { env, emit, sshd, version, ways, canForward, guestOf, note, caps };
    const door = await unlessStopped(
      stop,
      Promise.race([openDoor(choice, intent, { lease, waysIn }, step), roomFails]),
    );
    if (intent.approve) requireApproval(lease);
    if (intent.hostMode !== 'elsewhere') setHostPresence(lease, true);
    for (const { label, access } of invited) openGate(lease, label, access);
    const deadMan = await opening;
    if (isLate(pairing)) {
      startDeadline(pairing, intent.ttl);
      await showDeadline(room, pairing.deadline.epoch);
    }
    await unlessStopped(stop, noted);
    noteLines(pairing, invited);
    const expiryOf = (epoch: number): string | undefined => expiryTime(version, epoch, systemZone);
    const expiry = expiryOf(pairing.deadline.epoch);
    const { forward, gateExisting } = intent;
    life.beginGrant();
    const lines = await grant(lease, invited, { expiry, forward, gateExisting, stop });
    const live = goLive(pairing, { room, door, deadMan, shell, expiryOf, lines });
    const { menuKey } = intent;
    if (menuKey) {
      const menu = [...world.self, 'menu', folder];
      void live.changes.take(() => bindMenuKey(room, menuKey, menu));
    }
    return live;
  } catch (error) {
    shutGate(folder);
    waysIn.closeAtOnce();
    // Waits for both, whatever happens: what they have started must be closed again.
    await choosing?.catch(() => {});
    await opening?.catch(() => {}); // Its failure is in `error`, or came later.
    const failure = await endAccess(pairing);
    throw failure ? new Refusal(failure) : error;
  }
}

/** The same pairing, with what it has once it is live. */
function goLive(pairing: Pairing, parts: Omit<Live, keyof Pairing | 'lookout'>): Live {
  const live: Omit<Live, 'lookout'> = Object.assign(pairing, parts);
  pairing.life.goLive();
  return Object.assign(live, { lookout: lookoutFor(live) });
}

/** Claims a room, or finds the shared one. */
async function takeRoom(
  pairing: Pairing,
  intent: PairIntent,
  { root, tmux }: { readonly root: string; readonly tmux: string },
  world: PairingContext,
): Promise<Room> {
  const { lease } = pairing;
  if (intent.share) await tmuxVersion(tmux);
  const room = intent.share
    ? await findShared(tmux, world.env, intent.share === 'here' ? undefined : intent.share.name)
    : writeBelow(root, () => claimRoom(join(root, 'rooms'), tmux, lease.id, intent.session));
  pairing.opened.add('room', async () => {
    if (pairing.unseen) return closeRoom(room);
    if (room.claim) return leaveRoom(room);
    await pairing.sinks.settled(); // Anything shown on its status line after it was left would stay.
    await leaveShared(room, lease.id);
  });
  return room;
}

/**
 * Starts tmux and meanwhile arms the lease: gate and dead man's switch. Or makes a place for guests in the shared
 * session.
 */
async function openTheRoom(
  pairing: Pairing,
  intent: PairIntent,
  room: Room,
  world: PairingContext,
): Promise<DeadMan> {
  const { lease, deadline } = pairing;
  const sweepThis = [...world.self, 'sweep', '--lease', lease.folder];
  // Nobody can come in yet, and the clock must not end a pairing that waits for the host's answer to a question.
  armClock(lease, deadlineFrom(pairing.startedAt, intent.ttl + resolvingSeconds), sweepThis);
  const arm = async (): Promise<DeadMan> => {
    armLease(lease, { caps, enter: enterCommands(room, lease.folder) }, sweepThis);
    const deadMan = await armDeadMan(lease.deadMan, () => world.emit({ kind: 'switch-restarted' }));
    pairing.safeguards.add('switch', deadMan.dismiss);
    return deadMan;
  };
  const { clock } = lease;
  if (intent.share) {
    const deadMan = await arm();
    noteShared(lease.folder, room);
    const stands = (id: string): boolean => existsSync(join(dirname(lease.folder), id));
    await openShared(room, lease.id, { clock, deadline: deadline.epoch }, stands);
    return deadMan;
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
  await Promise.allSettled([arming, opening]); // By then, everything that may have to be closed again is open.
  pairing.unseen = (await opening) === 'new';
  return arming;
}
