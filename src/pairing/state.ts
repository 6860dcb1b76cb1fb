/**
 * Where a pairing is in its life:
 *
 *     opening ── the lines are written ──▶ live
 *        │                                   │ the host has gone, time is up, somebody stops it
 *        └── refused, stopped, failed ──▶ ending ── all is taken back, or what is left is known ──▶ ended
 */
import type { Failure } from '../domain/failure.ts';

export type State =
  | {
      readonly phase: 'opening';
      /** Whether the first line may have been written: from then on there is something to take back. */
      readonly mayHaveLines: boolean;
    }
  | { readonly phase: 'live' }
  | { readonly phase: 'ending'; readonly over: Promise<Failure | undefined> }
  | { readonly phase: 'ended'; readonly over: Promise<Failure | undefined> };

export class Life {
  #state: State = { phase: 'opening', mayHaveLines: false };

  get state(): State {
    return this.#state;
  }

  /** Whether the end has begun. */
  get isOver(): boolean {
    return this.#state.phase === 'ending' || this.#state.phase === 'ended';
  }

  /** To be called before the first line is written. */
  beginGrant(): void {
    if (this.#state.phase === 'opening') this.#state = { phase: 'opening', mayHaveLines: true };
  }

  goLive(): void {
    if (this.#state.phase === 'opening') this.#state = { phase: 'live' };
  }

  /**
   * Ends it once, however often and by whomever it is called.
   * @param end carries the end out; gets whether there may be lines
   * @returns what could not be taken back
   */
  end(end: (mayHaveLines: boolean) => Promise<Failure | undefined>): Promise<Failure | undefined> {
    const state = this.#state;
    if (state.phase === 'ending' || state.phase === 'ended') return state.over;
    const mayHaveLines = state.phase === 'live' || state.mayHaveLines;
    let settle = (_: Promise<Failure | undefined>): void => {};
    const over = new Promise<Failure | undefined>((resolve) => {
      settle = resolve;
    });
    // First, since what the end calls may ask whether it has begun. Then at once: the gate shuts before this returns.
    this.#state = { phase: 'ending', over };
    settle(end(mayHaveLines));
    const ended = (): void => {
      this.#state = { phase: 'ended', over };
    };
    over.then(ended, ended);
    return over;
  }
}
