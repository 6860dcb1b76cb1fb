import { usage } from './failure.ts';

const seconds: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** The longest that a pairing may last. Anything longer is an account, not a pairing. */
export const longestSeconds = 7 * 86_400;

/**
 * Reads `90s`, `30m`, `1h30m`, `2d` into whole seconds, 1 to {@link longestSeconds}. Units go from large to small and
 * occur once each. A bare number is refused, since it could be seconds or minutes.
 * @param option its name on the command line, for the message
 */
export function parseDuration(text: string, option: string): number {
  const hint = 'write it as 90s, 30m, 1h30m or 2d';
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (!match || text === '') {
    const bare = /^\d{1,6}$/.test(text) ? `, as ${text}m or ${text}s` : '';
    usage(`${option} ${JSON.stringify(text)} is not a duration`, bare ? `give it a unit${bare}` : hint);
  }
  const [, d = '0', h = '0', m = '0', s = '0'] = match;
  const total = Object.entries({ d, h, m, s }).reduce(
    (sum, [unit, n]) => sum + Number(n) * (seconds[unit] ?? 0),
    0,
  );
  if (total < 1) usage(`${option} ${JSON.stringify(text)} is over before it begins`, hint);
  if (total > longestSeconds)
    usage(`${option} ${JSON.stringify(text)} is too long`, 'a pairing lasts 7d at most');
  return total;
}

/** `4h`, `30m`, `1h30m`, `20s`: the two largest units that are not zero. */
export function showDuration(total: number): string {
  let rest = Math.max(0, Math.round(total));
  const words: string[] = [];
  for (const [unit, size] of Object.entries(seconds)) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) words.push(`${n}${unit}`);
  }
  return words.slice(0, 2).join('') || '0s';
}

/** Whole days; 0 if that is less than one, or if `time` is still to come. */
export function daysSince(time: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - time.getTime()) / 86_400_000));
}
