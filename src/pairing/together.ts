/** For how long, in ms, what has been said stands behind what comes next. */
const togetherMs = 1000;
const most = 3;

/**
 * The lines for a place that shows one at a time: each with those before it that nobody can have read yet, the newest
 * first. A line that is for all is said alone, and none of the others comes back after it.
 * @param now in ms
 */
export function together(now: () => number): (text: string, forAll: boolean) => string {
  let recent: readonly { readonly text: string; readonly at: number }[] = [];
  return (text, forAll) => {
    const at = now();
    const said = { text, at };
    if (forAll) {
      recent = [];
      return text;
    }
    recent = [said, ...recent.filter((one) => at - one.at < togetherMs)].slice(0, most);
    return recent.map((one) => one.text).join('; ');
  };
}
