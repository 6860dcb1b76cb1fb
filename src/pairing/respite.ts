/**
 * Limits how often one guest's questions reach the host. A guest who is refused, or leaves before the answer, can ask
 * again at once. From the second time on, a longer pause follows each such question.
 */
export class Respite {
  readonly #now: () => number;
  readonly #strikes = new Map<string, { readonly count: number; readonly at: number }>();

  /** @param now in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A question about this guest came to nothing. */
  strike(label: string): void {
    const before = this.#strikes.get(label);
    const counts = before !== undefined && this.#now() - before.at < memory;
    this.#strikes.set(label, { count: counts ? before.count + 1 : 1, at: this.#now() });
  }

  /** The guest was let in. */
  clear(label: string): void {
    this.#strikes.delete(label);
  }

  /** Whether the host must not be asked about this guest now. */
  isOn(label: string): boolean {
    const { count, at } = this.#strikes.get(label) ?? { count: 0, at: 0 };
    return count > 1 && this.#now() - at < Math.min(first * 2 ** (count - 2), longest);
  }
}

/** In ms: the first pause, which doubles each time; the longest one; how long a question counts. */
const [first, longest, memory] = [5000, 300_000, 900_000];
