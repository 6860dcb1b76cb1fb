/** Times of day and dates, as people read them. */

/** `18:15` today, else with the date; in the reader's own zone. */
export function clock(at: Date, now = new Date()): string {
  if (at.toDateString() === now.toDateString()) return `${two(at.getHours())}:${two(at.getMinutes())}`;
  return date(at).slice(0, -3);
}

/** `2026-05-01 18:15:02`, in the reader's own zone. */
export function date(at: Date): string {
  const [day, time] = [
    [at.getFullYear(), at.getMonth() + 1, at.getDate()],
    [at.getHours(), at.getMinutes(), at.getSeconds()],
  ].map((numbers) => numbers.map(two));
  return `${day?.join('-')} ${time?.join(':')}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
