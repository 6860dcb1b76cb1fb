/** Completion scripts, as text. Names of guests and pairings come from `tmuxpair complete`, which prints safe words. */
import { bash } from './bash.ts';
import { fish } from './fish.ts';
import type { CommandSpec } from './spec.ts';
import { zsh } from './zsh.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** @param commands the default one first */
export function completionScript(shell: Shell, commands: readonly CommandSpec[]): string {
  return { bash, zsh, fish }[shell](commands);
}
