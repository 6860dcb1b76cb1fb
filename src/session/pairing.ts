/** The story of a pairing, top to bottom: sweep, resolve, open, grant, tell, attach, supervise, end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Failure, refuse, usage } from '../domain/failure.ts';
import type { Guest, NonEmpty } from '../domain/guest.ts';
import { announce } from '../room/announce.ts';
import { hasSession, type Room, reattachCommand, showGuests } from '../room/room.ts';
import { serveControl } from './control.ts';
import { deferred } from './deferred.ts';
import { endAccess } from './end.ts';
import { entryOf } from './entry.ts';
import type { EndReason, Event, Report, StopSignal } from './events.ts';
import { resolveGuests } from './guests.ts';
import type { Live } from './live.ts';
import { type Open, openPairing, preparePremises } from './open.ts';
import { type Seat, takeSeat } from './seat.ts';
import { Stopped, unlessStopped } from './stop.ts';
import { watchPairing } from './watch.ts';
import type { PairIntent, World } from './world.ts';

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
  const [{ guests, remember }, premises] = await unlessStopped(
    world.stop,
    Promise.all([resolveGuests(intent, world), preparePremises(intent, world)]),
  );
  if (intent.seat === 'terminal' && !world.hasTerminal) {
    usage('a pairing needs a terminal for you to work in', 'run it in one, or pass --detach or --unattended');
  }
  const open = await openPairing(intent, guests, premises, world);
  const remembered = remember();
  const ended = await supervise(open, intent, world);
  await remembered;
  world.emit({ kind: 'ended', report: ended.report });
  return ended;
}

/**
 * Has the host say yes to guests who type in a session of the host's own server, and so in all of its sessions.
 * @throws Refusal `usage` where the host says no, or can't be asked
 */
export async function confirmSharing(ask: World['ask']): Promise<void> {
  if (await ask?.({ kind: 'sharing-all' })) return;
  usage(
    'a guest who types in a shared session can reach every session of its tmux server',
    'pass --yes if you want that, --read-only if they need not type, or --session for a session of its own',
  );
}

/** Tells, attaches the host, and supervises until the host is gone, time is up, or somebody stops it. */
export async function supervise(
  { live, room, address }: Open,
  intent: PairIntent,
  world: World,
): Promise<Ended> {
  const { stop, emit, env } = world;
  const until = new Date(live.deadline.epoch * 1000);
  const { ttl, forward, port, seat } = intent;
  const invited = live.guests as NonEmpty<Guest>;
  emit({
    kind: 'invited',
    invitation: { ...address, guests: invited, port, until, ttl, forward, seat, entry: entryOf(live) },
  });

  const host = takeSeat(seat, live, room, env);
  const seen = (): void => {
    live.unseen = false;
  };
  if (seat === 'terminal') Promise.race([host.arrived, host.gone]).then(seen, () => {});
  else seen();
  const tell = teller(live, room, host, world);
  live.tell = tell;
  const watch = watchPairing(live, tell);
  const asked = deferred<EndReason>();
  const over = deferred<Failure | undefined>();
  const control = await serveControl(live, async () => {
    asked.resolve({ kind: 'asked' });
    const left = await over.promise;
    if (left) refuse(left);
  });
  host.arrived.then(() => tell({ kind: 'host-attached', command: live.sshCommand })).catch(() => {});

  const reason = await firstOf(stop, [host.gone, watch.over, asked.promise, nobodyJoined(live, intent)]);
  const failure = await endAccess(live, watch.look());
  watch.stop();
  over.resolve(failure);
  await control.close();

  // The host stays in their session where it was not they who left.
  const hostStays = seat === 'terminal' && reason.kind !== 'host-detached' && reason.kind !== 'stopped';
  if (hostStays) tell({ kind: 'access-ended', reason, failed: failure !== undefined });
  const last = hostStays ? await firstOf(stop, [host.gone]) : reason;
  if (last.kind === 'stopped' || seat !== 'terminal') await host.leave();
  if (failure) refuse(failure);

  const stays = await hasSession(room);
  const report = {
    reason: reason.kind === 'host-detached' && !stays ? ({ kind: 'session-ended' } as const) : reason,
    visits: live.past,
    room: { stays, session: room.session, command: reattachCommand(room) },
  };
  return { report, ...(last.kind === 'stopped' ? { signal: last.signal } : {}) };
}

/** How long, in seconds, an event stands on a status line, and whether on the guests', too. */
function showing(event: Event): { readonly seconds: number; readonly guests: boolean } {
  switch (event.kind) {
    case 'host-attached':
      return { seconds: 6, guests: false };
    case 'access-ended':
      return { seconds: 10, guests: false };
    case 'time-left':
      return { seconds: 5, guests: true };
    default:
      return { seconds: 4, guests: false };
  }
}

/** Tells an event to who runs this, and to the host inside tmux. */
function teller(live: Live, room: Room, host: Seat, { emit, words }: World): (event: Event) => void {
  return (event) => {
    emit(event);
    const { seconds, guests } = showing(event);
    const show = async (): Promise<void> => {
      if (event.kind === 'joined' || event.kind === 'left') await showGuests(room, namesOf(live));
      await announce(room, words(event), { seconds, ...(guests ? {} : { pids: await host.clients() }) });
    };
    show().catch(() => {}); // The room may be gone by now.
  };
}

function namesOf(live: Live): string[] {
  return [...new Set([...live.here.values()].map(({ label }) => label))];
}

async function nobodyJoined(live: Live, { joinTimeout }: PairIntent): Promise<EndReason> {
  if (joinTimeout === undefined) return new Promise(() => {});
  await sleep(joinTimeout * 1000, undefined, { ref: false });
  if (live.here.size + live.past.length > 0) return new Promise(() => {});
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
