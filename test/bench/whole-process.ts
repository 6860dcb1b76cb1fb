import { spawnSync } from 'node:child_process';
import type { Account } from '../support/account.ts';
import { startingNode } from './programs.ts';

/**
 * Runs a program to its end, from nothing to nothing.
 * @returns ms
 * @throws Error where it does not exit 0
 */
export function wholeProcess(account: Account, file: string, args: readonly string[]): number {
  const { uid, gid, home: cwd } = account;
  const env = { ...account.env, ...startingNode };
  const from = performance.now();
  const { status, signal, error } = spawnSync(file, args, { uid, gid, env, cwd, stdio: 'ignore' });
  const took = performance.now() - from;
  if (error) throw error;
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')}: ended with ${status ?? signal}`);
  return took;
}
