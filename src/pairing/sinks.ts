import type { Event } from '../domain/events.ts';

/** Something that hears of events in a pairing: a terminal, the journal, a status line. Does not throw. */
export interface Sink {
  hear(event: Event): void;
  /** Resolves once it has reported everything that it heard; absent if it reports at once. */
  settled?(): Promise<void>;
}

/** Everything that hears of events, in the order in which it was added. */
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

  /** Resolves once everything that has happened is reported. */
  async settled(): Promise<void> {
    await Promise.all([...this.#all].map((sink) => sink.settled?.()));
  }

  readonly emit = (event: Event): void => {
    for (const sink of this.#all) sink.hear(event);
  };
}
