import type { DoorKind } from './door-reason.ts';
import type { Trouble } from './trouble.ts';

/** A pairing, as `list --json` and `info --json` print it. Times are ISO 8601 in UTC. */
export interface PairingInfo {
  readonly id: string;
  readonly session: string;
  readonly status: 'live' | 'ending';
  readonly startedAt: string;
  readonly deadline: string;
  readonly remainingSeconds: number;
  readonly door: DoorKind;
  /** The likeliest of `routes`. */
  readonly sshCommand: string;
  /**
   * Every line by which guests can come, and who can use it: `named` by the host, `internet`, `tailnet`, `network`,
   * `jump`.
   */
  readonly routes: readonly { readonly reach: string; readonly sshCommand: string }[];
  readonly supervisorPid: number;
  /** The room's tmux socket. */
  readonly socket: string;
  /** Whether the session is one of the host's own server: a guest who types there can reach all of its sessions. */
  readonly shared: boolean;
  /** What has been taken away, or does not do what it should. */
  readonly trouble: readonly Trouble[];
  readonly guests: readonly {
    readonly label: string;
    readonly reference: string;
    /** The host that their keys came from, if the environment has chosen another than the forge's own. */
    readonly from?: string;
    readonly access: string;
    /** Whether they have logged in at any time, as far as that can be seen, even if they did not come in. */
    readonly loggedIn: boolean;
    readonly keys: readonly { readonly type: string; readonly fingerprint: string }[];
    readonly connections: readonly {
      readonly pid: number;
      readonly address: string;
      /** Not the guest's own if the host admitted them to look only. */
      readonly access: string;
      readonly fingerprint: string;
      readonly joinedAt: string;
    }[];
  }[];
}
