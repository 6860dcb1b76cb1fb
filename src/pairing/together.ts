/** How long, in ms, a line still stands behind the next ones. */
const togetherMs = 1000;
const most = 3;

/**
 * The lines for a place that shows one at a time: each new line, followed by those that nobody can have read yet, the
 * newest first. A line for everybody is shown alone, and no earlier line comes back after it.
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
