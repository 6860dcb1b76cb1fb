/**
 * The one of `words` that is closest to `word`, if any is close: at most one letter of three differs.
 * @param bare the part of a word that is compared
 */
export function nearest(
  word: string,
  words: readonly string[],
  bare: (one: string) => string = (one) => one,
): string | undefined {
  const [best] = words
    .map((one) => ({ one, distance: distanceOf(word, bare(one)) }))
    .sort((a, b) => a.distance - b.distance);
  return best && best.distance <= Math.max(1, Math.floor(bare(best.one).length / 3)) ? best.one : undefined;
}

/** How many letters have to be inserted, removed or changed. */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at++) {
      const change = (row[at - 1] ?? 0) + (letter === to[at - 1] ? 0 : 1);
      next.push(Math.min(change, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
