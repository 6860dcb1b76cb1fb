/**
 * Lines on the status line of a room's clients. Not by `display-message`: that stops the client's screen for as
 * long as it shows (status.c sets TTY_FREEZE), and the host would not see what their guest types meanwhile.
 */
import { timeLeft } from './airlock.ts';
import type { Room } from './claim.ts';
import { type Client, clientsOf } from './clients.ts';
import { type Commands, run } from './tmux.ts';

/** What our status segment shows: the time left, and who is in. Only user options in it can hold outside text. */
export const segment = `#{?@tmuxpair-until,[pairing ${timeLeft('@tmuxpair-until')}#{@tmuxpair-guests}] ,}`;

const forThisClient = '#{||:#{==:#{@tmuxpair-to},},#{m:*+#{client_pid}+*,#{@tmuxpair-to}}}';

/** In a status line of the user's own that has no right-hand part, which our segment is put into else. */
const atItsEnd = `#{?#{m:*status-right*,#{@tmuxpair-format}},,#[align=right]${segment}}`;

/**
 * Puts what is announced in the place of the user's status line, which stays as it is else.
 * @param where the scope of the options: `-g`, or `-t` and a session
 */
export function announcementSettings(where: readonly string[]): Commands {
  return [
    // Once: the room may be taken up again.
    ['set-option', ...where, '-oqF', '@tmuxpair-format', '#{status-format[0]}'],
    [
      ...['set-option', ...where, 'status-format[0]'],
      `#{?#{&&:#{@tmuxpair-said},${forThisClient}},#[align=left #{E:message-style}]#{@tmuxpair-said},#{T:@tmuxpair-format}${atItsEnd}}`,
    ],
  ];
}

/** Shows one line for `seconds`, in the way that leaves no trace, but stops a client's screen meanwhile. */
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
 * Shows one line for `seconds` on the status line of every client, or of those on the processes `pids`. Who has turned
 * the status line off gets it as a message. A later line takes the place of an earlier one.
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
  const { stderr } = await run(room, [
    ['set-option', ...here, '@tmuxpair-to', options.pids ? `+${options.pids.join('+')}+` : ''],
    ['set-option', ...here, '@tmuxpair-said-id', id],
    ['set-option', ...here, '@tmuxpair-said', text.replaceAll('#', '##')],
    [
      ...['run-shell', '-b', '-d', String(options.seconds), ...here, '-C'],
      `if-shell -F '#{==:#{@tmuxpair-said-id},${id}}' 'set-option -u @tmuxpair-said ; ${lentBack}'`,
    ],
    ...to.map(({ name }) => ['if-shell', '-F', ...here, '#{==:#{status},off}', message(name)]),
    // What is announced as a popup closes is not drawn by tmux 3.8 else.
    ...to.map(({ name }) => ['refresh-client', '-S', '-t', name]),
  ]);
  // Tmux 3.2 can't be told whose a message is: they get a status line for as long.
  if (/usage: display-message/.test(stderr))
    await run(room, [
      ['set-option', ...here, lent, 'yes'],
      ['set-option', ...here, 'status', 'on'],
    ]);
}
