/** Menus on the host's clients. What is chosen comes back in an option of the session: no shell, no path, no format. */
import { spawn } from 'node:child_process';
import type { Room } from './room.ts';
import { argv, type Commands, run, withoutTmux } from './tmux.ts';

export interface Menu {
  readonly title: string;
  /** Above what can be chosen. */
  readonly lines: readonly string[];
  readonly items: readonly MenuItem[];
}

export interface MenuItem {
  readonly text: string;
  /** `[a-z0-9-]+`. */
  readonly value: string;
  /** One letter or digit; without, the item takes the arrows and Enter, which nobody presses in passing. */
  readonly key?: string;
}

/** `busy`: another menu or popup was in the way, or the window is too small for this one. */
export type Choice =
  | { readonly kind: 'chosen'; readonly value: string }
  | { readonly kind: 'closed' | 'busy' | 'gone' };

/** A menu that shows. */
export interface ShownMenu {
  /** Resolves once it has gone from the screen. */
  readonly choice: Promise<Choice>;
  /** Takes it off the screen. */
  close(): Promise<void>;
}

/** How long, in ms, a menu shows at the least where it was shown at all: nobody can press a key as fast. */
const glimpse = 30;

let shown = 0;

/** Shows a menu on one client. Its texts may come from outside. @param client the client's name, as tmux has it */
export function showMenu(room: Room, client: string, menu: Menu): ShownMenu {
  const option = `@tmuxpair-chosen-${process.pid}-${++shown}`;
  const here = ['-t', `${room.target}:`];
  const items = menu.items.flatMap(({ text, value, key = '' }) => [
    plain(text),
    key,
    `set-option -t '${room.target}:' ${option} ${value}`,
  ]);
  const lines = menu.lines.flatMap((line) => [`-${plain(line)}`, '', '']);
  const window = ['-c', client, '-x', 'C', '-y', 'C', '-T', ` ${plain(menu.title)} `];
  const answer: Commands = [
    ['show-options', ...here, '-qv', option],
    ['set-option', ...here, '-qu', option],
  ];
  const commands: Commands = [
    ['display-message', '-p', 'shown'],
    ['display-menu', ...window, '--', ...lines, ...(lines.length > 0 ? [''] : []), ...items],
    ...answer,
  ];
  const child = spawn(room.tmux, ['-N', '-S', room.socket, ...argv(commands)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: withoutTmux(process.env),
  });
  let output = '';
  let since = Number.NaN;
  let ended = false;
  child.stdout.setEncoding('utf8').on('data', (data) => {
    if (output === '') since = performance.now();
    output += data;
  });
  const gone = new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  const valueIn = (text: string) => menu.items.find(({ value }) => text.split('\n').includes(value))?.value;
  const choose = async (): Promise<Choice> => {
    const ok = await gone;
    ended = true;
    const length = performance.now() - since;
    // What is chosen runs for the menu's client, and these commands for another: should they have been quicker, once more.
    const value = valueIn(output) ?? valueIn((await run(room, answer)).stdout);
    if (value !== undefined) return { kind: 'chosen', value };
    if (!ok) return { kind: 'gone' };
    return { kind: length > glimpse ? 'closed' : 'busy' };
  };
  return {
    choice: choose(),
    close: async () => {
      // Where another menu has taken its place meanwhile, that one goes: it is asked for again.
      if (!ended) await run(room, [['display-popup', '-C', '-c', client]]);
    },
  };
}

function plain(text: string): string {
  return text.replaceAll('#', '##');
}
