import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Client } from './clients.ts';

/** For writing past tmux, without waiting for the terminal. */
export const terminalFlags = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK;

/**
 * Rings the terminals of clients, past tmux, which has no command for it. A terminal takes a bell between and inside
 * whatever else it is sent. One that does not take it is left alone.
 */
export async function ringBell(clients: readonly Client[]): Promise<void> {
  // A client that has left hears none.
  await Promise.all(clients.map(({ tty }) => ring(tty).catch(() => {})));
}

async function ring(tty: string): Promise<void> {
  const terminal = await open(tty, terminalFlags);
  try {
    if ((await terminal.stat()).isCharacterDevice()) await terminal.write('\x07');
  } finally {
    await terminal.close();
  }
}
