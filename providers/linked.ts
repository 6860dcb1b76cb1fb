import { setMaxListeners } from 'node:events';

/**
 * A controller that is aborted with `signal`, for its reason, and can also be aborted by itself. Call `release` when
 * done. Lifts the listener limit of both: many fetches listen to one signal, and Node would warn of that on the
 * terminal.
 */
export function linkedTo(signal: AbortSignal): {
  readonly stop: AbortController;
  readonly release: () => void;
} {
  const stop = new AbortController();
  setMaxListeners(0, signal, stop.signal);
  const abort = () => stop.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return { stop, release: () => signal.removeEventListener('abort', abort) };
}
