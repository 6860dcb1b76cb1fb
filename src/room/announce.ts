/**
 * Lines on the status line of a room's clients. Not by `display-message`: that stops the client's screen for as
 * long as it shows (status.c sets TTY_FREEZE), and the host would not see what their guest types meanwhile.
 */
import { clientsOf } from './clients.ts';
import type { Room } from './room.ts';
import { type Commands, run } from './tmux.ts';

const forThisClient = '#{||:#{==:#{@tmuxpair-to},0},#{==:#{@tmuxpair-to},#{client_pid}}}';

/** Puts what is announced in the place of the user's status line, which stays as it is else. */
export const announcementSettings: Commands = [
  // Once: the room may be taken up again.
  ['set-option', '-goqF', '@tmuxpair-format', '#{status-format[0]}'],
  [
    ...['set-option', '-g', 'status-format[0]'],
    `#{?#{&&:#{@tmuxpair-said},${forThisClient}},#[align=left #{E:message-style}]#{@tmuxpair-said},#{T:@tmuxpair-format}}`,
  ],
];

let announcements = 0;

/**
 * Shows one line for `seconds` on the status line of every client, or of the one on process `pid`. Who has turned
 * the status line off gets it as a message. A later line takes the place of an earlier one.
 */
export async function announce(
  room: Room,
  text: string,
  options: { seconds: number; pid?: number | undefined },
): Promise<void> {
  const here = ['-t', `=${room.session}:`];
  const id = `${process.pid}.${++announcements}`;
  const clients = await clientsOf(room);
  const to = clients.filter(({ pid }) => options.pid === undefined || pid === options.pid);
  const message = (name: string) =>
    `display-message -c ${name} -d ${options.seconds * 1000} '#{@tmuxpair-said}'`;
  await run(room, [
    ['set-option', ...here, '@tmuxpair-to', String(options.pid ?? 0)],
    ['set-option', ...here, '@tmuxpair-said-id', id],
    ['set-option', ...here, '@tmuxpair-said', text.replaceAll('#', '##')],
    [
      ...['run-shell', '-b', '-d', String(options.seconds), ...here, '-C'],
      `if-shell -F '#{==:#{@tmuxpair-said-id},${id}}' 'set-option -u @tmuxpair-said'`,
    ],
    ...to.map(({ name }) => ['if-shell', '-F', ...here, '#{==:#{status},off}', message(name)]),
  ]);
}
