import { usage } from './failure.ts';

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * Reads `90m`, `2d` or `3w` as that long before `now`. Reads `2026-05-01`, with or without a time (`T18:15`,
 * `T18:15:30`) and a zone (`Z`, `+02:00`), as that instant; without a zone it is the reader's own.
 * @throws Refusal `usage`
 */
export function parseSince(text: string, now: Date): Date {
  const [, count, unit = ''] = /^(\d{1,5})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (seconds[unit] ?? 0) * 1000);
  const [, day, time = 'T00:00', zone = ''] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const date = new Date(`${day}${time}${zone}`);
  if (day !== undefined && !Number.isNaN(date.getTime())) return date;
  return usage(
    `--since ${JSON.stringify(text.slice(0, 80))} is no time`,
    'write it as 90m, 2d, or 2026-05-01T18:15',
  );
}
