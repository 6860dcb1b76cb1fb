import type { DoorKind } from '../domain/door-reason.ts';
import type { Doubt } from '../domain/doubt.ts';
import type { Failure } from '../domain/failure.ts';
import type { KeychainTrouble } from '../domain/keyring-warning.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { Installer } from '../domain/packages.ts';
import type { ShellBlock } from '../domain/shell-block.ts';
import type { ShellTrouble } from '../shell/shell.ts';

/** The result of a check. `warn` keeps no guest out by the door that would be used. */
export interface Check {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly finding: Finding;
}

/** Everything that the doctor may find, good or bad. */
export type Finding =
  | { readonly kind: 'tmux'; readonly path: string; readonly version: string }
  | { readonly kind: 'ssh'; readonly version: string }
  | { readonly kind: 'sshd'; readonly path: string; readonly version: string }
  | { readonly kind: 'program'; readonly program: 'tmux' | 'ssh' | 'sshd'; readonly failure: Failure }
  /** An sshd on this machine's port; `asked` if its settings could be read. */
  | {
      readonly kind: 'sshd-answers';
      readonly port: number;
      readonly asked: boolean;
      readonly configFile: string;
    }
  | { readonly kind: 'sshd-silent'; readonly port: number }
  /** What is not known of the server on a port, or what came of a trial login there. */
  | { readonly kind: 'doubt'; readonly port: number; readonly doubt: Doubt }
  | {
      readonly kind: 'obstacle';
      readonly obstacle: Obstacle;
      readonly configFile: string;
      readonly keyFile: string;
      /** Of the sshd, if it can be seen. */
      readonly pid?: number;
    }
  | { readonly kind: 'terminals' }
  | { readonly kind: 'no-terminals'; readonly command: string }
  | { readonly kind: 'shell'; readonly path: string; readonly trouble?: ShellTrouble }
  /** What keeps guests of this machine's sshd from the gate, if a private sshd is used instead. */
  | { readonly kind: 'gate-not-reached'; readonly block: ShellBlock }
  | { readonly kind: 'run-directory'; readonly path: string }
  | { readonly kind: 'run-directory-refused'; readonly failure: Failure }
  | { readonly kind: 'keychain'; readonly trouble?: KeychainTrouble }
  | { readonly kind: 'forge'; readonly name: string; readonly failure?: Failure }
  /** A guest of our own came in through this door. */
  | {
      readonly kind: 'login';
      readonly door: DoorKind;
      readonly port: number;
      readonly milliseconds: number;
    }
  /**
   * The guest did not get in: `failure` if that could not be tried, else what ssh said and what a private sshd said.
   */
  | {
      readonly kind: 'no-login';
      readonly door?: DoorKind;
      readonly failure?: Failure;
      readonly said: string;
      readonly log: readonly string[];
    };

/** What a fix depends on. */
export interface Machine {
  readonly isRoot: boolean;
  readonly user: string;
  /** The home folder, with links resolved. */
  readonly home: string;
  readonly installer: Installer | undefined;
  /** How daemons are run. */
  readonly services: 'systemd' | 'launchd' | 'by hand';
  readonly sshd: string;
}
