import type { StopSignal } from '../domain/end-reason.ts';

/** What a stop signal throws at code that waits. Not a failure: the pairing ends as it should. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super(signal);
    this.signal = signal;
  }
}

/**
 * Turns HUP, INT and TERM into one abort, whose reason is {@link Stopped}. Later signals change nothing: the end runs
 * once, and completely.
 */
export function onStopSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => controller.abort(new Stopped(signal)));
  }
  return controller.signal;
}

/** Resolves with `promise`, or rejects with {@link Stopped} as soon as a stop signal comes. */
export async function unlessStopped<T>(stop: AbortSignal, promise: Promise<T>): Promise<T> {
  promise.catch(() => {}); // It may lose the race and fail later.
  stop.throwIfAborted();
  let abort: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    abort = () => reject(stop.reason);
    stop.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    if (abort) stop.removeEventListener('abort', abort);
  }
}
