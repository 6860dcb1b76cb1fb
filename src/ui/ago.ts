import { daysSince } from '../domain/duration.ts';
import type { Pin } from '../domain/pin.ts';

/** `less than a day ago`, `a day ago`, `12 days ago`. */
export function ago(time: Date, now: Date): string {
  const days = daysSince(time, now);
  if (days === 0) return 'less than a day ago';
  return days === 1 ? 'a day ago' : `${days} days ago`;
}

export function lastPaired({ lastPaired: time }: Pin, now: Date): string {
  return time === undefined ? 'never paired' : `last paired ${ago(time, now)}`;
}
