/** The story of a pairing, top to bottom: sweep, resolve, open, grant, tell, attach, supervise, end. */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { type EndReason, hostStaysAfter, type StopSignal } from '../domain/end-reason.ts';
import type { Event, Invitation } from '../domain/events.ts';
import { type Failure, Refusal, refuse, usage } from '../domain/failure.ts';
import type { Guest, NonEmpty } from '../domain/guest.ts';
import type { PairIntent } from '../domain/intent.ts';
import { keyObstacles } from '../door/key-rules.ts';
import { chooseDoor } from '../entrance/choose-door.ts';
import type { OpenDoor } from '../entrance/open-door.ts';
import { watchShell } from '../entrance/shell-guard.ts';
import { isRemembered } from '../guests/compare.ts';
import { resolveGuests } from '../guests/guests.ts';
import { type Log, openLog } from '../journal/log.ts';
import { copyThroughTmux } from '../room/clipboard.ts';
import { socketAround } from '../room/own-server.ts';
import { hasSession, reattachCommand } from '../room/room.ts';
import { deferred } from '../system/deferred.ts';
import { Resources } from '../system/resources.ts';
import { approveJoins } from './approve.ts';
import type { HostRequests, PairingContext } from './context.ts';
import { endAccess } from './end.ts';
import { watchHost } from './host-presence.ts';
import type { Live } from './live.ts';
import { openMenu } from './menu.ts';
import { openPairing } from './open.ts';
import { keysLeft, remainsOf } from './other-ways.ts';
import { pairingInfoOf } from './pairing-info.ts';
import { statusLine } from './status-line.ts';
import { Stopped, unlessStopped } from './stop.ts';
import { watchStrays } from './strays.ts';
import { trialOf } from './trial.ts';
import { watchPairing } from './watch.ts';

/**
 * How long, in ms, the host's terminal has to read what was printed before tmux is attached to it. tmux discards what
 * is still unread (`tcflush`), and the host would never see whom they have let in.
 */
const readingTime = 50;

/** In ms: how long to look for a host elsewhere before guests are invited all the same. */
const lookingTime = 5000;

export interface Ended {
  /** The signal that made the program leave, even if time was up before. */
  readonly signal?: StopSignal;
}

/**
 * Runs a pairing from its start to its end.
 * @throws Refusal if it can't start, or if its access can't be taken back; {@link Stopped} if a signal came before it
 * was live. Whatever is thrown, access has been taken back as far as possible.
 */
export async function pair(intent: PairIntent, world: PairingContext): Promise<Ended> {
  const resolving = resolveGuests(intent, world);
  if (intent.hostMode === 'terminal' && !world.hasTerminal) {
    await unlessStopped(world.stop, resolving);
    usage('a pairing needs a terminal for you to work in', 'run it in one, or pass --detach or --unattended');
  }
  const guests = resolving.then((resolved) => resolved.guests);
  guests.catch(() => {}); // `openPairing` awaits it.
  // Sends the requests to a forge before this process is busy for some ms.
  if (intent.references.some(isRemembered)) await turn();
  const live = await openFor(intent, guests, world);
  const remembered = (await resolving).remember();
  try {
    return await supervise(live, intent, world);
  } finally {
    await remembered;
  }
}

/** Opens a pairing through the door that is best for these guests. @throws as {@link openPairing} does */
export function openFor(
  intent: PairIntent,
  guests: Promise<NonEmpty<Guest>>,
  world: PairingContext,
): Promise<Live> {
  const { env, emit } = world;
  return openPairing(intent, guests, world, (sshd, invited, giveUp) =>
    chooseDoor(intent, { env, sshd, guests: invited, attempt: trialOf(intent, world, giveUp), tell: emit }),
  );
}

/**
 * Has the host agree that guests can type in a session of the host's own server, and so in all of its sessions.
 * @throws Refusal `usage` if the host says no, or can't be asked
 */
export async function confirmSharing(ask: PairingContext['ask']): Promise<void> {
  if (await ask?.({ kind: 'sharing-all' })) return;
  usage(
    'a guest who types in a shared session can reach every session of its tmux server',
    'pass --yes if you want that, --read-only if they need not type, or --session for a session of its own',
  );
}

/**
 * Prints the invitation, attaches the host, and supervises until the host is gone, time is up, or somebody stops it.
 */
export async function supervise(live: Live, intent: PairIntent, world: PairingContext): Promise<Ended> {
  const { stop, env } = world;
  const { room, door, roster, sinks } = live;
  const { hostMode } = intent;
  const known = await door.known();
  const around = socketAround(env);
  if (intent.copy && around !== undefined)
    await copyThroughTmux({ tmux: room.tmux, socket: around }, env, door.command());
  const log = openLog(env, { id: live.lease.id, neverIn: () => roster.neverIn() }, world.emit);
  sinks.add(log);
  const asked = deferred<EndReason>();
  const over = deferred<Failure | undefined>();
  const stopIt = (): void => asked.resolve({ kind: 'asked' });
  let showMenu = (_client: number): void => {};
  const requests: HostRequests = {
    stop: async () => {
      stopIt();
      const failure = await over.promise;
      if (failure) refuse(failure);
    },
    openMenu: (client) => showMenu(client),
    words: world.words,
  };
  // Before anybody learns that there is a pairing.
  const control = await orEnd(live, log, world.serve(live, requests));
  // The host is in the session already: look before guests are invited.
  const taken = hostMode === 'elsewhere' ? watchHost(hostMode, live, room, env) : undefined;
  if (taken) await Promise.race([taken.looked, sleep(lookingTime, undefined, { ref: false })]);
  sinks.emit({ kind: 'invited', invitation: invitationOf(live, known, intent, env) });

  if (hostMode === 'terminal') await sleep(readingTime);
  const host = taken ?? watchHost(hostMode, live, room, env);
  const seen = (): void => {
    live.unseen = false;
  };
  // A host who could not get in has seen nothing; `reasons` says why.
  if (hostMode === 'terminal') Promise.race([host.arrived, host.gone]).then(seen, () => {});
  else seen();
  const status = statusLine(live, { host, bell: intent.bell, words: world.words });
  sinks.add(status);
  showMenu = (client) => void openMenu(live, { host, menus: world.menus, stop: stopIt }, client);
  const watching = new Resources();
  const watch = watchPairing(live);
  watching.add('guests', watch.stop);
  live.lookout.start();
  if (intent.approve) watching.add('approval', approveJoins(live, host, world.menus.approval));
  // Of a host who could not get in, `reasons` says why.
  host.arrived.then(() => sinks.emit({ kind: 'host-attached', command: door.command() })).catch(() => {});
  door.listen(sinks.emit);
  const shell = watchShell(live.shell);
  watching.add('shell', shell.stop);
  const strays = watchStrays(live);
  watching.add('strays', strays.stop);
  // Last, and so stopped first: its trial of the sshd runs until then.
  watching.add('lookout', live.lookout.stop);

  const blocked = Promise.race([shell.blocked, strays.found]).then(
    (block): EndReason => ({ kind: 'gate-not-reached', block }),
  );
  const reasons = [host.gone, watch.over, asked.promise, nobodyJoined(live, intent), blocked];
  const reason = await orEnd(live, log, firstOf(stop, reasons));
  if (reason.kind === 'gate-not-reached') strays.end();
  const failure = await endAccess(live, watch.look());
  const remains = await remainsOf(live, [...roster.guests, ...roster.kicked]);
  const left = failure ?? keysLeft(remains);
  sinks.remove(status);
  await watching.close(); // What can't be stopped keeps nothing of the end from being reported.
  await log.ended(reason, left);
  over.resolve(left);
  await control.close();

  // The host stays in their session unless they were the one to leave.
  const hostStays = hostStaysAfter[reason.kind];
  const asksHere = hostMode === 'terminal';
  const failed = failure && (asksHere ? 'this-terminal' : 'next-command');
  if (hostStays || !asksHere) {
    const ended: Event = { kind: 'access-ended', reason, remains, ...(failed && { failed }) };
    sinks.emit(ended);
    status.hear(ended);
  }
  if (!asksHere) await status.settled();
  const last = asksHere && hostStays ? await firstOf(stop, [host.gone]) : reason;
  await host.leave();
  if (failure) refuse(failure);

  const stays = await hasSession(room);
  const report = {
    reason: reason.kind === 'host-detached' && !stays ? ({ kind: 'session-ended' } as const) : reason,
    door: door.kind,
    visits: roster.history,
    neverIn: roster.neverIn(),
    astray: [...roster.astray].map(([label, seconds]) => ({ label, seconds })),
    room: { stays, session: room.session, command: reattachCommand(room) },
    remains,
  };
  sinks.emit({ kind: 'ended', report });
  if (left) refuse(left);
  return { ...(last.kind === 'stopped' ? { signal: last.signal } : {}) };
}

/** Ends access before an error goes on. */
async function orEnd<T>(live: Live, log: Log, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const failure = await endAccess(live);
    await log.ended({ kind: 'failed' }, failure);
    throw failure ? new Refusal(failure) : error;
  }
}

function invitationOf(
  live: Live,
  known: Awaited<ReturnType<OpenDoor['known']>>,
  { ttl, forward, hostMode, copy }: PairIntent,
  env: NodeJS.ProcessEnv,
): Invitation {
  const { door } = live;
  const guests = live.roster.guests as NonEmpty<Guest>;
  const until = new Date(live.deadline.epoch * 1000);
  const obstacles = [...known.obstacles, ...keyObstacles(known.rules, guests)];
  const told = {
    guests,
    door: { ...door, ...known, obstacles },
    command: door.command(),
    routes: door.routes(),
    until,
    ttl,
    forward,
    copy: copy && socketAround(env) === undefined,
    hostMode,
  };
  return { ...told, entry: pairingInfoOf(live), keyLines: live.otherWays.lines };
}

async function nobodyJoined(live: Live, { joinTimeout }: PairIntent): Promise<EndReason> {
  if (joinTimeout === undefined) return new Promise(() => {});
  await sleep(joinTimeout * 1000, undefined, { ref: false });
  if (live.roster.hasVisits) return new Promise(() => {});
  return { kind: 'nobody-joined' };
}

async function firstOf(stop: AbortSignal, reasons: readonly Promise<EndReason>[]): Promise<EndReason> {
  try {
    return await unlessStopped(stop, Promise.race(reasons));
  } catch (error) {
    if (error instanceof Stopped) return { kind: 'stopped', signal: error.signal };
    throw error;
  }
}
