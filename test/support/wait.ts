import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface Patience {
  /** What is waited for, as the end of the sentence "gave up waiting for …". */
  readonly what: string;
  /** Milliseconds, 30 s where not given: a machine may be busy. */
  readonly timeout?: number | undefined;
  /** Milliseconds between two looks: where not given 20, or twice what a look took, which leaves the machine to others. */
  readonly interval?: number | undefined;
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/**
 * Asks `probe` again and again until it answers something truthy, and returns that. There is always one look
 * after the time is up, so a busy machine never fails what has come true meanwhile.
 * @throws Error with `what` and the last answer when the time is up; what `probe` throws, at once
 */
export async function until<T>(probe: () => T | Promise<T>, patience: Patience): Promise<Truthy<T>> {
  const { what, timeout = 30_000, interval } = patience;
  const deadline = performance.now() + timeout;
  for (;;) {
    const since = performance.now();
    const last = since >= deadline;
    const answer = await probe();
    if (answer) return answer as Truthy<T>;
    if (last) throw new Error(`gave up waiting for ${what} after ${timeout} ms; last seen: ${show(answer)}`);
    await pause(interval ?? Math.max(20, 2 * (performance.now() - since)));
  }
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : inspect(value, { depth: 4 });
  return text.length > 4000 ? `${text.slice(0, 4000)}…` : text;
}
