/** The ways by which a guest's key gets in besides the gate, as far as they are known. */

import type { KeyLine } from '../domain/key-line.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { ConfigPlace } from '../door/key-file-names.ts';

/** What is known of the sshd that guests could come to, for these looks. */
export interface OtherWays {
  /** Names of files of keys, absolute, patterns among them, and configurations that give more. */
  readonly keyFiles: readonly string[];
  readonly configs: readonly ConfigPlace[];
  /** Those names that are read before the lease's file. */
  readonly ahead: readonly string[];
  /** What it may accept keys by that can't be looked at, files aside; of the sshd that guests are told to come to alone. */
  readonly unknown: readonly Obstacle[];
  /** Lines that let guests in past the gate and that the host knows of: they stay. */
  readonly lines: readonly KeyLine[];
  /** With a private sshd: files of keys that had something against guests before the first came. */
  readonly files?: readonly string[];
  /** Labels of guests whose lines have let them reach ports: they do so whatever their access becomes. */
  readonly forwardedTo: readonly string[];
}
