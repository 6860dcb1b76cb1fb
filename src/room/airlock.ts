/**
 * The airlock: a tmux server of one read-only guest's own, with every key unbound, in whose one pane a read-only
 * client looks into the room. What the guest types goes to a client that may not type, in a server that has no
 * commands to give, in front of a client that may not type: no path into the room is left, whatever its
 * configuration binds (ATTACKS G8).
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { argv, type Commands, quote, run } from './tmux.ts';

/** Every table in which a tmux binds keys by itself. */
const tables = ['root', 'prefix', 'copy-mode', 'copy-mode-vi', 'move'];

/** The airlock's commands. `$words` are sh variables of the gate, expanded there. */
export function airlockCommands(options: { gate: string }): { sh: string } {
  const commands: Commands = [
    // First: where the attach below fails, or the guest is cut off before it, nothing of the airlock may stay.
    ['set-option', '-s', 'exit-unattached', 'on'],
    // From 3.8 on there is `move`, too; elsewhere unbinding what is not there would end the commands.
    ['bind-key', '-T', 'move', 'q', 'detach-client'],
    ...tables.map((table) => ['unbind-key', '-a', '-T', table]),
    ['bind-key', '-T', 'root', 'q', 'detach-client'],
    set('prefix', 'None'),
    set('prefix2', 'None'),
    set('mouse', 'off'),
    // What has a guest go through the gate again (see moveGuests): a shell that reads nothing.
    set('default-shell', '/bin/sh'),
    set('default-terminal', 'screen-256color'),
    set('escape-time', '0'),
    set('history-limit', '0'),
    set('update-environment', ''),
    set('status-style', 'reverse'),
    set('status-left', ' view only, q leaves '),
    set('status-left-length', '40'),
    set('status-right', ` ${timeLeft('@until')} left `),
    set('window-status-format', ''),
    set('window-status-current-format', ''),
  ];
  const room = ['new-session', '-d', '-s', 'look'];
  const words = [
    ...argv(commands).map(quote),
    "';'",
    'set-option -g @until "$epoch"',
    "';'",
    ...room,
    '/bin/sh',
    quote(options.gate),
    '"$label" "$key" look',
    "';'",
    'attach-session -r -E',
    "';'",
    // Last: before the attach it would end the session at once.
    'set-option -g destroy-unattached on',
  ];
  return { sh: words.join(' ') };
}

/**
 * Shows another end in the airlocks that there are.
 * @param sockets the folder with theirs
 * @param deadline epoch seconds
 */
export async function showDeadlineInside(tmux: string, sockets: string, deadline: number): Promise<void> {
  const names = readdirSync(sockets, { withFileTypes: true }).filter((entry) => entry.isSocket());
  const until = ['set-option', '-g', '@until', String(deadline)];
  await Promise.all(names.map(({ name }) => run({ tmux, socket: join(sockets, name) }, [until])));
}

/** A tmux format: what is left until the epoch second in option `until`, as `3h59m`, `29m` or `42s`. */
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
