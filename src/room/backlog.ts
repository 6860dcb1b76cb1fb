/**
 * What tmux keeps for a terminal that takes no output. It discards output for a terminal that is slow, but looks whether to
 * (`tty_block_maybe`) only when the terminal has just taken some: for one that takes none at all, the buffer grows on.
 */
import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { terminalFlags } from './bell.ts';
import type { Client } from './clients.ts';
import { run } from './tmux.ts';

export type Output = Pick<Client, 'pid' | 'tty' | 'written' | 'discarded'>;

/** The guests' clients in the airlocks that there are. @param sockets the folder with theirs */
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

/** NUL, which a terminal ignores. A page of it: one that takes nothing has room for some kB that tmux does not use. */
const probe = Buffer.alloc(4096);

/** Whether a terminal takes some more. False only if it surely does not; one that takes nothing may get a true at first. */
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
