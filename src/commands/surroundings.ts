import { isatty } from 'node:tty';
import { serveControl } from '../control/server.ts';
import type { Event } from '../domain/events.ts';
import type { PairingContext } from '../pairing/context.ts';
import { menus } from '../ui/menus.ts';
import { askYes } from '../ui/prompt.ts';
import { describeEvent } from '../ui/report.ts';

/** How a pairing is described, and how other commands reach it. */
export const manners: Pick<PairingContext, 'words' | 'menus' | 'serve'> = {
  words: describeEvent,
  menus,
  serve: serveControl,
};

/**
 * What a pairing can use of this terminal.
 * @param readsInput whether a guest's keys come from standard input: then the terminal is the one that is written to
 */
export function terminalOf(
  stop: AbortSignal,
  readsInput = false,
): Pick<PairingContext, 'size' | 'hasTerminal' | 'ask'> {
  // Not process.stdout.isTTY and so on: opening one that is no terminal takes a millisecond.
  const prints = isatty(1);
  const [columns, rows] = prints ? process.stdout.getWindowSize() : [0, 0];
  const size = { columns: columns || 80, rows: rows || 24 };
  if (!isatty(0) || !isatty(2)) return { size, hasTerminal: prints && readsInput };
  return { size, hasTerminal: prints, ask: (about) => askYes(questionOf(about), stop) };
}

function questionOf(about: Event): string {
  return about.kind === 'sharing-all'
    ? 'a guest who types can reach every session of that tmux server: share it?'
    : 'let them in with the new keys?';
}
