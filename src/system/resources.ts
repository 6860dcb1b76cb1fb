/** Something that was opened. */
export interface Resource {
  readonly name: string;
  readonly close: () => unknown;
}

/** What has been opened, to be closed again in reverse: each once, and one that fails stops none of the others. */
export class Resources {
  #stack: Resource[] = [];

  add(name: string, close: Resource['close']): void {
    this.#stack.push({ name, close });
  }

  /** Closes one after the other. @returns what went wrong, in that order */
  async close(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (let next = this.#stack.pop(); next; next = this.#stack.pop()) {
      try {
        await next.close();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }

  /** Begins to close all of them, now: for what may not wait. What goes wrong is nobody's. */
  closeAtOnce(): void {
    for (const { close } of this.#stack.splice(0).reverse()) {
      try {
        void Promise.resolve(close()).catch(() => {}); // What is told of an end is what is left, which is looked for.
      } catch {
        // As above.
      }
    }
  }
}
