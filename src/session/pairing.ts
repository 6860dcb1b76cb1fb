/** The story of a pairing, top to bottom: sweep, resolve, open, grant, tell, attach, supervise, end. */
import { join } from 'node:path';
import { type Deadline, deadlineIn, warningsFor } from '../domain/deadline.ts';
import { Refusal, refuse, usage } from '../domain/failure.ts';
import type { Access, Guest, NonEmpty, Reference } from '../domain/guest.ts';
import { expiryTime, findSshd, sshdVersion } from '../door/sshd-version.ts';
import { systemAddress, systemZone } from '../door/system.ts';
import { armLease, createLease, grant, openGate } from '../lease/lease.ts';
import { uptime } from '../lease/process.ts';
import { openRunDirectory, runDirectories } from '../lease/run-directory.ts';
import { staleRooms, sweep } from '../lease/sweep.ts';
import { announce } from '../room/announce.ts';
import { attachHost } from '../room/host.ts';
import {
  claimRoom,
  enterCommands,
  hasSession,
  openRoom,
  type Room,
  reattachCommand,
  unclaimRoom,
} from '../room/room.ts';
import { checkTmux, findTmux } from '../room/tmux.ts';
import { armDeadMan } from './dead-man.ts';
import { endAccess, type Live } from './end.ts';
import type { EndReason, Event, Report, StopSignal } from './events.ts';
import { resolveGuests } from './guests.ts';
import { Stopped, unlessStopped } from './stop.ts';
import { watchPairing } from './watch.ts';

export interface PairIntent {
  readonly references: NonEmpty<Reference>;
  readonly access: Access;
  /** Seconds. */
  readonly ttl: number;
  readonly session?: string;
  readonly tmux?: string;
  /** Absolute. */
  readonly keyFile: string;
  readonly forward: readonly number[] | 'any';
  readonly gateExisting: boolean;
  readonly host?: string;
  readonly port: number;
  /** See `Freshness`. */
  readonly offline: boolean;
  readonly refresh: boolean;
  readonly acceptNewKeys: boolean;
  /** What runs in the session instead of the shell; empty for the shell. */
  readonly command: readonly string[];
}

/** What a pairing has of the world around it. */
export interface World {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The terminal's size; absent where there is none. */
  readonly size?: { readonly columns: number; readonly rows: number };
  /** Puts a question to the host; absent where nobody can answer. */
  readonly ask?: (event: Event) => Promise<boolean>;
  readonly stop: AbortSignal;
  readonly emit: (event: Event) => void;
  /** The words of an event, for the status line of the room. */
  readonly words: (event: Event) => string;
  /** The command line that takes back the lease whose folder is put behind it. */
  readonly sweepCommand: readonly string[];
}

/** Most gates at a time. */
const caps = { guest: 8, pairing: 64 };

export interface Ended {
  readonly report: Report;
  /** The signal that made the program leave, also where time was up before. */
  readonly signal?: StopSignal;
}

/**
 * Runs a pairing from its start to its end.
 * @throws Refusal where it can't start, or where its access can't be taken back; {@link Stopped} where a signal
 *   came before it was live. Whatever is thrown, access has been taken back as far as it goes.
 */
export async function pair(intent: PairIntent, world: World): Promise<Ended> {
  const { env, stop, emit } = world;
  const root = openRunDirectory(env);
  await takeBackTheDead(root, intent.keyFile, world);

  const tmux = findTmux(env, intent.tmux);
  const sshd = findSshd(env);
  const address = systemAddress({ host: intent.host, port: intent.port });
  const [{ guests, remember }, version] = await unlessStopped(
    stop,
    Promise.all([resolveGuests(intent, world), sshdVersion(sshd), checkTmux(tmux)]),
  );
  const { size } = world;
  if (!size)
    usage('a pairing needs a terminal for you to work in', 'run it in one, without a pipe or redirection');

  const deadline = deadlineIn(intent.ttl, { epoch: Date.now() / 1000, sinceBoot: uptime() });
  const live: Live = { lease: createLease(root, intent.keyFile, new Date()) };
  try {
    const room = await openTheRoom(
      live,
      intent,
      { ...world, size },
      { tmux, rooms: join(root, 'rooms'), deadline },
    );
    for (const { label, access } of guests) openGate(live.lease, label, access);
    const expiry = expiryTime(version, deadline.epoch, systemZone);
    stop.throwIfAborted();
    await grant(live.lease, guests, { expiry, forward: intent.forward, gateExisting: intent.gateExisting });
    const remembered = remember();

    const { command, hostKeys, answers } = await unlessStopped(stop, address);
    const { ttl, forward, port } = intent;
    const until = new Date(deadline.epoch * 1000);
    emit({ kind: 'invited', invitation: { guests, command, hostKeys, answers, port, until, ttl, forward } });
    const ended = await hostTheGuests({ live, room, guests, command, deadline }, intent, world);
    await remembered;
    emit({ kind: 'ended', report: ended.report });
    return ended;
  } catch (error) {
    const failure = await endAccess(live);
    throw failure ? new Refusal(failure) : error;
  }
}

async function takeBackTheDead(root: string, keyFile: string, { env, emit }: World): Promise<void> {
  const roots = [...new Set([root, ...runDirectories(env)])];
  const swept = await sweep({ roots, keyFiles: [keyFile], now: new Date() });
  for (const folder of staleRooms(root)) unclaimRoom(folder, false);
  if (swept.length > 0) emit({ kind: 'swept', ids: swept.map(({ id }) => id) });
}

/** Claims a room, writes the gate that leads into it, arms the dead man's switch, starts tmux. */
async function openTheRoom(
  live: Live,
  intent: PairIntent,
  world: World & { readonly size: NonNullable<World['size']> },
  at: { readonly tmux: string; readonly rooms: string; readonly deadline: Deadline },
): Promise<Room> {
  const { lease } = live;
  const room = claimRoom(at.rooms, at.tmux, lease.id, intent.session);
  live.room = room;
  const sweepThis = [...world.sweepCommand, lease.folder];
  armLease(lease, at.deadline, { caps, enter: enterCommands(room, lease.folder) }, sweepThis);
  live.deadMan = await armDeadMan(lease.deadMan, () => world.emit({ kind: 'switch-restarted' }));
  const opened = await openRoom(room, {
    env: world.env,
    cwd: world.cwd,
    size: world.size,
    command: intent.command,
    clock: { program: lease.clock, seconds: intent.ttl + 1 },
    deadline: at.deadline.epoch,
  });
  live.unseen = opened === 'new';
  return room;
}

interface Scene {
  readonly live: Live;
  readonly room: Room;
  readonly guests: NonEmpty<Guest>;
  /** What a guest has to type. */
  readonly command: string;
  readonly deadline: Deadline;
}

/** Attaches the host, and supervises until the host is gone, time is up, or a signal comes. */
async function hostTheGuests(
  scene: Scene,
  intent: PairIntent,
  { stop, emit, words, env }: World,
): Promise<Ended> {
  const { live, room, guests, deadline } = scene;
  const host = attachHost(room, env);
  const tell = (event: Event, seconds: number, to: 'host' | 'all' = 'host'): void => {
    emit(event);
    announce(room, words(event), { seconds, ...(to === 'host' ? { pid: host.pid } : {}) }).catch(() => {});
  };
  let timeUp: () => void = () => {};
  const timeIsUp = new Promise<void>((resolve) => {
    timeUp = resolve;
  });
  const watch = watchPairing({
    folder: live.lease.folder,
    accessOf: (label) => guests.find((guest) => guest.label === label)?.access ?? 'read-only',
    deadline: () => deadline,
    warnings: warningsFor(intent.ttl),
    onJoin: (visit) => tell({ kind: 'joined', visit }, 4),
    onLeave: (visit) => tell({ kind: 'left', visit }, 4),
    onWarning: (seconds) => tell({ kind: 'time-left', seconds }, 5, 'all'),
    onTimeUp: timeUp,
  });
  host.arrived
    .then(() => {
      live.unseen = false;
      tell({ kind: 'host-attached', command: scene.command }, 15);
    })
    .catch(() => {});

  const reason = await reasonOf(stop, host.gone, timeIsUp);
  if (reason.kind !== 'stopped') live.unseen = false;
  const failure = await endAccess(live);
  const visits = watch.stop();
  if (reason.kind === 'time-up') tell({ kind: 'access-ended', failed: failure !== undefined }, 10);
  const last = reason.kind === 'time-up' ? await reasonOf(stop, host.gone) : reason;
  if (last.kind === 'stopped') await host.detach();
  if (failure) refuse(failure);

  const stays = await hasSession(room);
  const ended = reason.kind === 'host-detached' && !stays ? ({ kind: 'session-ended' } as const) : reason;
  const report = {
    reason: ended,
    visits,
    room: { stays, session: room.session, command: reattachCommand(room) },
  };
  return { report, ...(last.kind === 'stopped' ? { signal: last.signal } : {}) };
}

async function reasonOf(
  stop: AbortSignal,
  hostGone: Promise<void>,
  timeIsUp?: Promise<void>,
): Promise<EndReason> {
  const waits = [hostGone.then((): EndReason => ({ kind: 'host-detached' }))];
  if (timeIsUp) waits.push(timeIsUp.then((): EndReason => ({ kind: 'time-up' })));
  try {
    return await unlessStopped(stop, Promise.race(waits));
  } catch (error) {
    if (error instanceof Stopped) return { kind: 'stopped', signal: error.signal };
    throw error;
  }
}
