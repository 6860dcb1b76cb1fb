/**
 * The airlock: a tmux server of one read-only guest's own, with every key unbound, in whose one pane a read-only client
 * looks into the room. What the guest types goes to a client that can't type, in a server that gives no commands, in
 * front of a second client that can't type. No path into the room is left, whatever its configuration binds (ATTACKS
 * G8).
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shWord } from '../domain/sh-word.ts';
import { largestTerminal, smallestTerminal, type TerminalSize } from '../domain/terminal-size.ts';
import { argv, type Commands, run } from './tmux.ts';

/** Every key table that tmux fills by itself. */
const tables = ['root', 'prefix', 'copy-mode', 'copy-mode-vi', 'move'];

/** The largest view of the room that a terminal gets, in cells. */
const mostDrawn: TerminalSize = { columns: 500, rows: 200 };

/** The airlock's commands. `$words` are sh variables of the gate, expanded there. */
export function airlockCommands(options: { gate: string }): { sh: string } {
  const commands: Commands = [
    // First: if the attach below fails, or the guest is cut off before it, nothing of the airlock may stay.
    ['set-option', '-s', 'exit-unattached', 'on'],
    // tmux 3.8 adds the table `move`. Older ones get it here: unbinding a table that does not exist would end the
    // commands.
    ['bind-key', '-T', 'move', 'q', 'detach-client'],
    ...tables.map((table) => ['unbind-key', '-a', '-T', table]),
    ['bind-key', '-T', 'root', 'q', 'detach-client'],
    set('prefix', 'None'),
    set('prefix2', 'None'),
    set('mouse', 'off'),
    // The shell that starts the gate again (see moveGuests): one that reads no start-up file.
    set('default-shell', '/bin/sh'),
    set('default-terminal', 'screen-256color'),
    // What a terminal reports by itself: that it gained or lost the focus, that it is dark or light. As keys, all of it
    // is swallowed.
    ...['\x1b[I', '\x1b[O', '\x1b[?997;1n', '\x1b[?997;2n'].map((said, index) => [
      ...['set-option', '-s', `user-keys[${index}]`, said],
    ]),
    ['set-option', '-s', 'focus-events', 'off'],
    set('escape-time', '0'),
    set('history-limit', '0'),
    set('update-environment', ''),
    set('status-style', 'reverse'),
    set('status-left', ' view only, q leaves '),
    set('status-left-length', '40'),
    set('status-right', ` ${timeLeft('@until')} left `),
    set('window-status-format', ''),
    set('window-status-current-format', ''),
    ...['client-attached', 'client-resized'].map((hook) => ['set-hook', '-g', hook, fit]),
  ];
  const words = [
    ...argv(commands).map(shWord),
    "';'",
    'set-option -g @until "$epoch"',
    "';'",
    `set-option -g @gate "exec /bin/sh ${options.gate} $label $key moved"`,
    "';'",
    'new-session -d -s look /bin/sh',
    shWord(options.gate),
    '"$label" "$key" look',
    "';'",
    // Not earlier, and not for all: `-g` makes tmux 3.3a crash in new-session.
    'set-option -w -t look: window-size manual',
    "';'",
    'attach-session -r -E',
    "';'",
    // Last: before the attach it would end the session at once.
    'set-option -g destroy-unattached on',
  ];
  return { sh: words.join(' ') };
}

/**
 * Sizes the pane, and so the client in the room, like the guest's terminal, within bounds: the room's server draws no
 * more for it, however large that terminal is. A terminal that has become too large for the gate goes through it again.
 */
const fit = `run-shell -C '${choose(
  `#{||:#{e|>:#{client_width},${largestTerminal.columns}},#{e|>:#{client_height},${largestTerminal.rows}}}`,
  'detach-client -s =look -E "#{@gate}"',
  `resize-window -t =look: -x ${within('#{client_width}', smallestTerminal.columns, mostDrawn.columns)} -y ${within('#{e|-:#{client_height},1}', smallestTerminal.rows, mostDrawn.rows)}`,
)}'`;

function within(value: string, least: number, most: number): string {
  return choose(`#{e|<:${value},${least}}`, `${least}`, choose(`#{e|>:${value},${most}}`, `${most}`, value));
}

/** A tmux format. */
function choose(condition: string, yes: string, no: string): string {
  return `#{?${condition},${yes},${no}}`;
}

/**
 * Shows a new deadline in all present airlocks.
 * @param sockets the folder of their sockets
 * @param deadline epoch seconds
 */
export async function showDeadlineInside(tmux: string, sockets: string, deadline: number): Promise<void> {
  const names = readdirSync(sockets, { withFileTypes: true }).filter((entry) => entry.isSocket());
  const until = ['set-option', '-g', '@until', String(deadline)];
  await Promise.all(names.map(({ name }) => run({ tmux, socket: join(sockets, name) }, [until])));
}

/** A tmux format: the time left until the epoch second in option `until`, as `3h59m`, `29m` or `42s`. */
export function timeLeft(until: string): string {
  const left = `#{e|-:#{${until}},%s}`;
  const from = (least: number, text: string, otherwise: string): string =>
    `#{?#{e|>=:${left},${least}},${text},${otherwise}}`;
  const hours = `#{e|/:${left},3600}h#{e|/:#{e|m:${left},3600},60}m`;
  const minutes = `#{e|/:${left},60}m`;
  return from(7200, hours, from(90, minutes, from(0, `${left}s`, '0s')));
}

function set(option: string, value: string): readonly string[] {
  return ['set-option', '-g', option, value];
}
