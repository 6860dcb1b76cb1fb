/**
 * The entrance of the private sshd: every connection waits here until it gets an sshd of its own. As a rule that is at
 * once. They wait in turn if more come than there is room for (see strangers.ts), or faster than sshds can be started
 * without the host noticing.
 */
import type { Socket } from 'node:net';
import { peersOf } from './peers.ts';
import { leaverOf, most, nextOf, oneTooMany, type Stranger, sourceOf } from './strangers.ts';

export interface AdmissionOptions<T> {
  /** Gives a connection an sshd. The socket is the caller's. `undefined` if that can't be done. */
  readonly start: (socket: Socket) => T | undefined;
  /** Ends a stranger's sshd, to make room. */
  readonly end: (started: T) => void;
}

export interface Admission<T> {
  come(socket: Socket): void;
  /** It is no stranger's any more: the guest has logged in, or is gone. */
  forget(started: T): void;
  /** The stranger has named a key that may come in. */
  named(started: T): void;
  /** Turns away everybody who waits. */
  close(): void;
}

/**
 * In ms: after a first `burst`, one sshd starts each `pace`. In a full house one of the crowd leaves each `turn`, or
 * each `silentTurn` while none of those that wait has said anything, as every ssh does at once: a heap of silent
 * sockets must not keep this machine busy starting sshds. Those that wait are looked at each `look`.
 */
const pacing = { burst: 64, pace: 50, turn: 50, silentTurn: 2000, look: 200 };

interface Waiting extends Stranger {
  readonly socket: Socket;
  spoken?: boolean;
}

export function openAdmission<T>({ start, end }: AdmissionOptions<T>): Admission<T> {
  let waiting: readonly Waiting[] = [];
  const there = new Map<T, Stranger & { readonly started: T }>();
  let timer: NodeJS.Timeout | undefined;
  /** When the next sshd would be due, had they come at the pace; and when somebody was last made to leave. */
  let due = 0;
  let lastTurn = Number.NEGATIVE_INFINITY;
  let nextLook = 0;
  /** Whether the system tells who has said something. */
  let isTold = false;
  let closed = false;

  const leave = (one: Waiting): void => {
    waiting = waiting.filter((other) => other !== one);
  };
  const dismiss = (one: Waiting | undefined): void => {
    if (!one) return;
    leave(one);
    one.socket.destroy();
  };
  /** Learns who has said something, and drops those who have gone. */
  const look = (now: number): void => {
    if (now < nextLook) return;
    nextLook = now + pacing.look;
    const peers = peersOf(waiting[0]?.socket.localPort ?? 0);
    ({ isTold } = peers);
    for (const one of waiting) {
      const { remotePort = 0 } = one.socket;
      one.spoken = peers.spoken.has(remotePort);
      if (peers.gone.has(remotePort)) dismiss(one);
    }
  };
  /** @returns in how many ms one more may be admitted, 0 for now, or those that wait are to be looked at again */
  const wait = (now: number): number => {
    const inTime = due - now - pacing.burst * pacing.pace;
    if (there.size < most.strangers) return Math.max(0, inTime);
    look(now);
    const anySpoke = !isTold || waiting.some((one) => one.spoken);
    const turn = lastTurn - now + (anySpoke ? pacing.turn : pacing.silentTurn);
    return Math.max(0, inTime, anySpoke ? turn : Math.min(turn, pacing.look));
  };
  const admitNext = (now: number): void => {
    const strangers = [...there.values()];
    const next = nextOf(waiting, strangers);
    if (!next) return;
    leave(next);
    if (next.socket.destroyed) return;
    if (strangers.length >= most.strangers) {
      const leaver = leaverOf(strangers);
      if (leaver) {
        there.delete(leaver.started);
        end(leaver.started);
      }
      lastTurn = now;
    }
    due = Math.max(due, now) + pacing.pace;
    const started = start(next.socket);
    next.socket.destroy();
    if (started !== undefined) there.set(started, { source: next.source, since: now, started });
  };
  const pump = (): void => {
    clearTimeout(timer);
    while (!closed && waiting.length > 0) {
      const now = performance.now();
      const ms = wait(now);
      if (ms > 0) {
        timer = setTimeout(pump, ms);
        return;
      }
      admitNext(now);
    }
  };

  return {
    come: (socket) => {
      const one = { socket, source: sourceOf(socket.remoteAddress), since: performance.now() };
      socket.on('error', () => {}); // `close` follows.
      socket.once('close', () => leave(one));
      waiting = [...waiting, one];
      if (waiting.length > most.waiting) dismiss(oneTooMany(waiting));
      pump();
    },
    forget: (started) => {
      if (there.delete(started)) pump();
    },
    named: (started) => {
      const one = there.get(started);
      if (one) there.set(started, { ...one, named: true });
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      for (const { socket } of waiting) socket.destroy();
    },
  };
}
