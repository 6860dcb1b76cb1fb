/**
 * What tmux keeps for a terminal that takes no output. tmux discards output for a slow terminal, but decides that
 * (`tty_block_maybe`) only when the terminal has just taken some. For a terminal that takes none at all, the buffer
 * keeps growing.
 */
import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { terminalFlags } from './bell.ts';
import type { Client } from './clients.ts';
import { run } from './tmux.ts';

export type Output = Pick<Client, 'pid' | 'tty' | 'written' | 'discarded'>;

/** The guests' clients in all present airlocks. @param sockets the folder of their sockets */
export async function viewersIn(tmux: string, sockets: string): Promise<Output[]> {
  const format = '#{client_pid} #{client_written} #{client_discarded} #{client_tty}';
  const names = readdirSync(sockets, { withFileTypes: true }).filter((entry) => entry.isSocket());
  const found = await Promise.all(
    names.map(({ name }) => run({ tmux, socket: join(sockets, name) }, [['list-clients', '-F', format]])),
  );
  return found
    .flatMap(({ ok, stdout }) => (ok && stdout !== '' ? stdout.split('\n') : []))
    .map((line) => {
      const [pid, written, discarded, ...tty] = line.split(' ');
      return { pid: Number(pid), written: Number(written), discarded: Number(discarded), tty: tty.join(' ') };
    });
}

/**
 * NULs, which a terminal ignores. A page of them: a terminal that takes nothing has room for some kB that tmux does not
 * use.
 */
const probe = Buffer.alloc(4096);

/**
 * Whether a terminal takes more output. False only if it surely does not; one that takes nothing may give true at
 * first.
 */
export async function takesOutput(tty: string): Promise<boolean> {
  try {
    const terminal = await open(tty, terminalFlags);
    try {
      if ((await terminal.stat()).isCharacterDevice()) await terminal.write(probe);
    } finally {
      await terminal.close();
    }
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
  }
}
