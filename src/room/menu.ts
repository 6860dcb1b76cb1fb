/**
 * Menus on the host's clients: popups, each of which tmux shows on one named client and gives the keys of that client
 * alone. tmux's own menus (`display-menu`) belong to the window from 3.8 on: they show on the guests' clients, too, and
 * take their keys. The choice comes back in a file of the lease's folder. It does not go through the room's server,
 * where a guest who can type can set any option.
 */

import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inLease } from '../domain/lease-folder.ts';
import { signalGroup } from '../system/signal.ts';
import type { Room } from './claim.ts';
import { extentOf, type Menu, menuScript } from './menu-script.ts';
import { argv, withoutTmux } from './tmux.ts';

/** `busy`: another menu or popup was in the way. `gone`: the client or the server has gone. */
export type Choice =
  | { readonly kind: 'chosen'; readonly value: string }
  | { readonly kind: 'closed' | 'busy' | 'gone' };

/** A menu on the screen. */
export interface ShownMenu {
  /** Resolves once it has gone from the screen. */
  readonly choice: Promise<Choice>;
  /** Takes it off the screen. */
  close(): void;
}

/** How often, in ms, to check whether a menu shows yet. */
const soon = 20;

let shown = 0;

/**
 * Shows a menu on one client. Its texts may come from outside, but are printable.
 * @param client the client's name, as tmux has it
 * @param folder a folder of ours; a safe token
 */
export function showMenu(room: Room, client: string, menu: Menu, folder: string): ShownMenu {
  const script = inLease(folder, `menu-${process.pid}-${++shown}`);
  const answer = `${script}.answer`;
  writeFileSync(script, menuScript(menu, answer), { mode: 0o600 });
  const { width, height } = extentOf(menu);
  const size = ['-w', String(width + 2), '-h', String(height + 2)];
  const popup = (...command: string[]): Promise<{ ok: boolean; stderr: string }> => {
    const show = ['display-popup', '-E', '-c', client, '-x', 'C', '-y', 'C', ...size, '--', ...command];
    const child = spawn(room.tmux, ['-N', '-S', room.socket, ...argv([show])], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: withoutTmux(process.env),
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    return new Promise((resolve) => {
      child.once('error', () => resolve({ ok: false, stderr }));
      child.once('close', (code) => resolve({ ok: code === 0, stderr }));
    });
  };
  const choose = async (): Promise<Choice> => {
    try {
      let ended = await popup('/bin/sh', script);
      // Before tmux 3.3 a popup takes one word, which the user's own shell runs.
      if (/too many arguments/.test(ended.stderr)) ended = await popup(`exec /bin/sh ${script}`);
      const said = read(answer);
      const chosen = menu.items.find(({ value }) => value === said[1])?.value;
      if (chosen !== undefined) return { kind: 'chosen', value: chosen };
      if (said.length > 0) return { kind: 'closed' };
      return { kind: ended.ok ? 'busy' : 'gone' };
    } finally {
      for (const path of [script, answer]) rmSync(path, { force: true });
    }
  };
  const choice = choose();
  let pid = 0;
  let isUnwanted = false;
  // As soon as it shows: by the time it is to be closed, the folder may be gone.
  const timer = setInterval(() => {
    pid = Number(read(answer)[0] ?? 0);
    if (pid === 0) return;
    clearInterval(timer);
    if (isUnwanted) signalGroup(pid, 'SIGTERM');
  }, soon).unref();
  let hasEnded = false;
  const end = (): void => {
    hasEnded = true;
    clearInterval(timer);
  };
  choice.then(end, end);
  const close = (): void => {
    isUnwanted = true;
    if (!hasEnded) signalGroup(pid, 'SIGTERM');
  };
  return { choice, close };
}

/** The lines that the script has written; none if it has never run. */
function read(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').trim().split('\n');
  } catch {
    return [];
  }
}
