/** Work done one after the other, whatever becomes of each. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Does it once everything before it is done. @returns its result */
  take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    const settle = (): void => {};
    this.#last = done.then(settle, settle);
    return done;
  }

  /** Resolves once everything given so far is done. */
  get settled(): Promise<void> {
    return this.#last;
  }
}
