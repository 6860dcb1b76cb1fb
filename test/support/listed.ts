import { expect } from 'vitest';
import type { PairingInfo } from '../../src/domain/pairing-info.ts';
import type { Stage } from './fixture.ts';

/** An entry of `list --json`. */
export interface Listed extends Omit<PairingInfo, 'trouble'> {
  /** With its words. */
  readonly trouble: readonly { readonly kind: string; readonly text: string }[];
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
