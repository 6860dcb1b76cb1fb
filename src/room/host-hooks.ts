/**
 * The host's own hooks that move clients, such as `set-hook -g client-attached 'switch-client -t main'`: a guest who
 * comes in would see that other session. A hook set in the room's session replaces the global one of its name, for that
 * session alone.
 */
import type { Room } from './claim.ts';
import { type Commands, run } from './tmux.ts';

/** The place of ours in the list of a hook, which tells it from the host's. */
const place = 740_000;

/** Has the server print all hooks except those of sessions, windows and panes. */
export const askForHooks: Commands = [
  ['show-hooks', '-g'],
  ['show-hooks', '-gw'],
];

/** Whether a command of these moves a client: tmux accepts any unambiguous beginning of a command's name, and an alias. */
export function movesClients(commands: string): boolean {
  const words = commands.match(/[a-z-]{3,}/g) ?? [];
  const names = ['switch-client', 'switchc', 'attach-session'];
  return words.some((word) => names.some((name) => name.startsWith(word)));
}

/** Mutes, in the room's session, the hooks that move clients. @param printed the answer to {@link askForHooks} */
export async function muteMovingHooks(room: Room, printed: string): Promise<void> {
  const names = printed.split('\n').flatMap((line) => {
    const [, name, command = ''] = /^([a-z-]+)\[\d+\] (.*)$/.exec(line) ?? [];
    return name !== undefined && movesClients(command) ? [name] : [];
  });
  const mute = [...new Set(names)].map((name) => [
    ...['set-hook', '-t', `${room.target}:`, `${name}[${place}]`],
    'if-shell -F 0 {}',
  ]);
  for (const command of mute) await run(room, [command]);
}

/** Makes the host's hooks work again in that session. */
export async function unmuteHooks(room: Room): Promise<void> {
  const here = ['-t', `${room.target}:`];
  const { stdout } = await run(room, [['show-hooks', ...here]]);
  const muted = new RegExp(`^([a-z-]+)\\[${place}\\] `, 'gm');
  for (const [, name = ''] of stdout.matchAll(muted)) await run(room, [['set-hook', '-u', ...here, name]]);
}
