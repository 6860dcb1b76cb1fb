import { expect } from 'vitest';
import type { Stage } from './fixture.ts';

/** The parts of a `list --json` entry that tests look at. */
export interface Listed {
  readonly id: string;
  readonly session: string;
  readonly status: string;
  readonly startedAt: string;
  readonly deadline: string;
  readonly remainingSeconds: number;
  readonly door: string;
  readonly sshCommand: string;
  readonly routes: readonly { readonly reach: string; readonly sshCommand: string }[];
  readonly supervisorPid: number;
  readonly socket: string;
  readonly shared: boolean;
  readonly trouble: readonly { readonly kind: string; readonly text: string }[];
  readonly guests: readonly {
    readonly label: string;
    readonly reference: string;
    readonly access: string;
    readonly loggedIn: boolean;
    readonly keys: readonly { readonly type: string; readonly fingerprint: string }[];
    readonly connections: readonly {
      readonly pid: number;
      readonly address: string;
      readonly access: string;
      readonly fingerprint: string;
      readonly joinedAt: string;
    }[];
  }[];
}

/** What `list --json` says, and that it says it well. */
export async function listed(stage: Stage): Promise<Listed[]> {
  const { stdout, stderr, exitCode } = await stage.run(['list', '--json']);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return JSON.parse(stdout).pairings;
}

/** The one pairing that there is. */
export async function theOne(stage: Stage): Promise<Listed> {
  const [first, ...more] = await listed(stage);
  if (!first || more.length > 0) throw new Error('not one pairing');
  return first;
}
