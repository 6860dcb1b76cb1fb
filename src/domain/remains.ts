import type { KeyLine } from './key-line.ts';
import type { Obstacle } from './obstacle.ts';

/** What stays of a guest's access after it has been taken back. */
export interface Remains {
  /** Lines that have been added since the guests were invited. */
  readonly added: readonly KeyLine[];
  /** Lines that were there. */
  readonly before: readonly KeyLine[];
  /** Why there may be more. */
  readonly unknown: readonly Obstacle[];
  /**
   * Ports that they may still reach, through a connection that came to no gate and can't be told from the host's own.
   */
  readonly forwarded: readonly number[] | 'any';
}
