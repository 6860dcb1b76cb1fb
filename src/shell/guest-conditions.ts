/**
 * What start-up files make of what a guest's ssh sends: where the shell may end because of it, and where it may be run.
 */

import { reaches } from './reach.ts';
import { dialectOf, logicalLines } from './shell-lines.ts';
import type { SimpleCommand } from './shell-walk.ts';
import { unquotedFinder } from './unquoted.ts';

export interface Spot {
  /** From 1. */
  readonly line: number;
  /** Its first words. */
  readonly command: string;
}

/** Where a start-up file may run what a guest's ssh sets. */
export interface ObeyingSpot extends Omit<Spot, 'command'> {
  /** As in `$TERM`. */
  readonly variable: string;
}

const endsShell = /^(?:(?:builtin|command) )*(?:exit(?: |$)|kill .*\$\{?\$\}?$)/;
/** What tells guests apart besides what their ssh sets: a trial comes from few addresses, with few terminals. */
const differs = /^SSH_(?:CLIENT|CONNECTION)$/;
const asksTerminal = /\b(?:tput|infocmp)\b/;

/**
 * Where the shell ends depending on what a guest's ssh sends: by `exit`, and not by `return`, which ends the file
 * alone. For other conditions, which are the same for all, a trial tells. In fish and csh, `exit` ends the file alone,
 * too.
 */
export function endsIn(
  text: string,
  commands: readonly SimpleCommand[],
  isAlways: boolean,
  isGuests: (name: string) => boolean,
): Spot[] {
  const lines = text.split('\n');
  const isAsked = (before: string): boolean =>
    asksTerminal.test(before) ||
    [...before.matchAll(/\$\{?(\w+)/g)].some(([, name = '']) => isGuests(name) || differs.test(name));
  return commands
    .filter(
      ({ words, reach, isOwn }) => endsShell.test(words.join(' ')) && isOwn && reach === reaches.atTimes,
    )
    .filter(({ line }) => !isAlways || isAsked(lines.slice(0, line).join('\n')))
    .map(({ line, words }) => ({ line, command: words.join(' ').slice(0, 40) }));
}

/** The test at the beginning of a line, up to what it guards. */
const guard = /^\s*(?:if\s+)?(?:\[\[\s.*?\s\]\]|\[\s[^;&|]*?\s\]|test\s[^;&|]*)\s*(?:&&|\|\||;\s*then\b)/s;

/** On lines that somebody who is not at a prompt comes to: those of a command, or of a condition before one. */
export function obeyingIn(
  text: string,
  shell: string,
  commands: readonly SimpleCommand[],
  isGuests: (name: string) => boolean,
): ObeyingSpot[] {
  const unquoted = unquotedFinder(shell, isGuests);
  const reachedAt = new Map<number, boolean[]>();
  for (const { line, reach } of commands)
    reachedAt.set(line, [...(reachedAt.get(line) ?? []), reach !== reaches.never]);
  const numbers = [...reachedAt.keys()];
  return [...logicalLines(text, dialectOf(shell))].flatMap(({ number, text: whole }) => {
    const next = numbers.find((line) => line >= number);
    const reached = (next !== undefined && reachedAt.get(next)) || [];
    if (!reached.includes(true)) return [];
    // [[ $- == *i* ]] && [ $TERM = dumb ] && PS1='$ '
    const isGuard =
      next === number && reached[0] === true && reached.length > 1 && !reached.includes(true, 1);
    const variable = unquoted((isGuard ? guard.exec(whole)?.[0] : undefined) ?? whole);
    return variable === undefined ? [] : [{ line: number, variable }];
  });
}
