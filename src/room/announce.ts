/**
 * Announcements on the status line of a room's clients. They don't use `display-message`: it stops the client's screen
 * while it shows (status.c sets TTY_FREEZE), and the host would not see what their guest types meanwhile.
 */
import type { Room } from './claim.ts';
import { type Client, clientsOf } from './clients.ts';
import { segment } from './status-segment.ts';
import { type Commands, run } from './tmux.ts';

const forThisClient = '#{||:#{==:#{@tmuxpair-to},},#{m:*+#{client_pid}+*,#{@tmuxpair-to}}}';

/** Appended to a status line of the user's own that has no `status-right`, where our segment goes otherwise. */
const atItsEnd = `#{?#{m:*status-right*,#{@tmuxpair-format}},,#[align=right]${segment}}`;

/**
 * Shows announcements in place of the user's status line, which otherwise stays as it is.
 * @param where the scope of the options: `-g`, or `-t` and a session
 */
export function announcementSettings(where: readonly string[]): Commands {
  return [
    // Only once: the room may be taken up again.
    ['set-option', ...where, '-oqF', '@tmuxpair-format', '#{status-format[0]}'],
    [
      ...['set-option', ...where, 'status-format[0]'],
      `#{?#{&&:#{@tmuxpair-said},${forThisClient}},#[align=left #{E:message-style}]#{@tmuxpair-said},#{T:@tmuxpair-format}${atItsEnd}}`,
    ],
  ];
}

/** Shows one line for `seconds` in a way that leaves no trace, but stops the clients' screens meanwhile. */
export async function flash(
  room: Room,
  clients: readonly Client[],
  text: string,
  seconds: number,
): Promise<void> {
  const line = text.replaceAll('#', '##');
  const show = ['display-message', '-d', String(seconds * 1000), '-c'];
  if (clients.length > 0)
    await run(
      room,
      clients.map(({ name }) => [...show, name, line]),
    );
}

/** Set while the status line is on for an announcement alone. */
const lent = '@tmuxpair-lent';
const lentBack = `if-shell -F "#{${lent}}" "set-option -u ${lent} ; set-option status off"`;

let announcements = 0;

/**
 * Shows one line for `seconds` on the status line of every client, or of those with the process ids `pids`. A client
 * whose status line is off gets a message instead. A later line replaces an earlier one.
 */
export async function announce(
  room: Room,
  text: string,
  options: { readonly seconds: number; readonly pids?: readonly number[] },
): Promise<void> {
  const here = ['-t', `${room.target}:`];
  const id = `${process.pid}.${++announcements}`;
  const clients = await clientsOf(room);
  const to = clients.filter(({ pid }) => options.pids?.includes(pid) ?? true);
  if (to.length === 0) return;
  const message = (name: string) =>
    `display-message -c ${name} -d ${options.seconds * 1000} '#{@tmuxpair-said}'`;
  const show: Commands = [
    ['set-option', ...here, '@tmuxpair-to', options.pids ? `+${options.pids.join('+')}+` : ''],
    ['set-option', ...here, '@tmuxpair-said-id', id],
    ['set-option', ...here, '@tmuxpair-said', text.replaceAll('#', '##')],
    [
      ...['run-shell', '-b', '-d', String(options.seconds), ...here, '-C'],
      `if-shell -F '#{==:#{@tmuxpair-said-id},${id}}' 'set-option -u @tmuxpair-said ; ${lentBack}'`,
    ],
    ...to.map(({ name }) => ['if-shell', '-F', ...here, '#{==:#{status},off}', message(name)]),
    // Without this, tmux 3.8 does not draw a line that is announced while a popup closes.
    ...to.map(({ name }) => ['refresh-client', '-S', '-t', name]),
  ];
  let { ok, stderr } = await run(room, show);
  // A server that is busy may answer too late: what was announced is announced once more then.
  if (!ok && stderr === '') ({ ok, stderr } = await run(room, show));
  // tmux 3.2 can't send a message to one client: the clients get a status line for that time.
  if (/usage: display-message/.test(stderr))
    await run(room, [
      ['set-option', ...here, lent, 'yes'],
      ['set-option', ...here, 'status', 'on'],
    ]);
}
