/** The ways besides the gate by which a guest's key gets in, as far as they are known. */

import type { KeyLine } from '../domain/key-line.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { ConfigPlace } from '../door/key-file-names.ts';

/** What is known of the sshd that guests could come to, for these checks. */
export interface OtherWays {
  /** Names of key files, absolute, including patterns, and configurations that name more. */
  readonly keyFiles: readonly string[];
  readonly configs: readonly ConfigPlace[];
  /** Configurations of all sshds that run here. */
  readonly others: readonly ConfigPlace[];
  /** Those names that sshd reads before the lease's file. */
  readonly ahead: readonly string[];
  /** Ways to accept keys that can't be checked, apart from files; only of the sshd that guests are told to come to. */
  readonly unknown: readonly Obstacle[];
  /** Lines known to the host that let guests in past the gate: they stay. */
  readonly lines: readonly KeyLine[];
  /** Key files of sshds that guests are not told to come to, which were obstacles before the first guest came. */
  readonly files?: readonly string[];
  /** Labels of guests whose lines have let them reach ports: those lines do so whatever their access becomes. */
  readonly forwardedTo: readonly string[];
}
