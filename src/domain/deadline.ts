/** When a pairing ends, by two clocks: the wall clock can be set back, the time since boot can't. */
export interface Deadline {
  /** Seconds since the epoch, whole. */
  readonly epoch: number;
  /** Seconds since boot, including time asleep. */
  readonly sinceBoot: number;
}

export interface Clocks {
  readonly epoch: number;
  readonly sinceBoot: number;
}

/** `seconds` from now, rounded up to a whole second of the wall clock: the same instant on both clocks. */
export function deadlineIn(seconds: number, now: Clocks): Deadline {
  const epoch = Math.ceil(now.epoch + seconds);
  return { epoch, sinceBoot: now.sinceBoot + (epoch - now.epoch) };
}

/** Seconds left, by the clock that has fewer; 0 or less if the deadline has passed. */
export function secondsLeft(deadline: Deadline, now: Clocks): number {
  return Math.min(deadline.epoch - now.epoch, deadline.sinceBoot - now.sinceBoot);
}

/** How long before the end to warn, in seconds: 10 min and 1 min, or a tenth of a short time. */
export function warningsFor(total: number): number[] {
  const usual = [600, 60].filter((seconds) => seconds < total);
  return usual.length > 0 ? usual : [total / 10];
}
