import type { Event } from '../domain/events.ts';

/** Somebody who hears of what happens in a pairing: a terminal, the journal, a status line. Does not throw. */
export interface Sink {
  hear(event: Event): void;
  /** Resolves once all that it has heard is told; absent where that is so at once. */
  settled?(): Promise<void>;
}

/** Who hears of it, in the order in which they were added. */
export class Sinks {
  readonly #all = new Set<Sink>();

  constructor(...sinks: readonly Sink[]) {
    for (const sink of sinks) this.add(sink);
  }

  add(sink: Sink): void {
    this.#all.add(sink);
  }

  remove(sink: Sink): void {
    this.#all.delete(sink);
  }

  /** Resolves once all that has happened is told. */
  async settled(): Promise<void> {
    await Promise.all([...this.#all].map((sink) => sink.settled?.()));
  }

  readonly emit = (event: Event): void => {
    for (const sink of this.#all) sink.hear(event);
  };
}
