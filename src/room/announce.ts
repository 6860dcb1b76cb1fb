/**
 * Lines on the status line of a room's clients. Not by `display-message`: that stops the client's screen for as
 * long as it shows (status.c sets TTY_FREEZE), and the host would not see what their guest types meanwhile.
 */
import { clientsOf } from './clients.ts';
import type { Room } from './room.ts';
import { type Commands, run } from './tmux.ts';

const forThisClient = '#{||:#{==:#{@tmuxpair-to},},#{m:*+#{client_pid}+*,#{@tmuxpair-to}}}';

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
      `#{?#{&&:#{@tmuxpair-said},${forThisClient}},#[align=left #{E:message-style}]#{@tmuxpair-said},#{T:@tmuxpair-format}}`,
    ],
  ];
}

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
  await run(room, [
    ['set-option', ...here, '@tmuxpair-to', options.pids ? `+${options.pids.join('+')}+` : ''],
    ['set-option', ...here, '@tmuxpair-said-id', id],
    ['set-option', ...here, '@tmuxpair-said', text.replaceAll('#', '##')],
    [
      ...['run-shell', '-b', '-d', String(options.seconds), ...here, '-C'],
      `if-shell -F '#{==:#{@tmuxpair-said-id},${id}}' 'set-option -u @tmuxpair-said'`,
    ],
    ...to.map(({ name }) => ['if-shell', '-F', ...here, '#{==:#{status},off}', message(name)]),
  ]);
}
