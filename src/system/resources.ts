/** Something that was opened. */
export interface Resource {
  readonly name: string;
  readonly close: () => unknown;
}

/** Opened resources, to be closed in reverse order: each once, and one that fails does not stop the others. */
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

  /** Starts to close all of them now, for what may not wait. Ignores errors. */
  closeAtOnce(): void {
    for (const { close } of this.#stack.splice(0).reverse()) {
      try {
        void Promise.resolve(close()).catch(() => {}); // An end reports what is left, which is looked for.
      } catch {
        // See above.
      }
    }
  }
}
