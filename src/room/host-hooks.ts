/**
 * The host's own hooks that move clients, as `set-hook -g client-attached 'switch-client -t main'`: a guest who comes in would
 * see that other session. A hook that is set in the room's session takes the place of the global one of its name, for that
 * session alone.
 */
import type { Room } from './claim.ts';
import { type Commands, run } from './tmux.ts';

/** Where ours stands in the list of a hook, so that it is told from the host's. */
const place = 740_000;

/** Has the server print all hooks but those of sessions, windows and panes. */
export const askForHooks: Commands = [
  ['show-hooks', '-g'],
  ['show-hooks', '-gw'],
];

/** `attach`, `switchc` and so on: tmux takes any beginning of a command's name that is not ambiguous. */
const moves = /(?:^|[\s;{'"])(?:switch-?c[a-z]*|attach[a-z-]*)(?=$|[\s;}'"])/;

/** Mutes those of the hooks that move clients, in the room's session. @param printed what {@link askForHooks} was answered with */
export async function muteMovingHooks(room: Room, printed: string): Promise<void> {
  const names = printed.split('\n').flatMap((line) => {
    const [, name, command = ''] = /^([a-z-]+)\[\d+\] (.*)$/.exec(line) ?? [];
    return name !== undefined && moves.test(command) ? [name] : [];
  });
  const mute = [...new Set(names)].map((name) => [
    ...['set-hook', '-t', `${room.target}:`, `${name}[${place}]`],
    'if-shell -F 0 {}',
  ]);
  for (const command of mute) await run(room, [command]);
}

/** Has the host's hooks work again in that session. */
export async function unmuteHooks(room: Room): Promise<void> {
  const here = ['-t', `${room.target}:`];
  const { stdout } = await run(room, [['show-hooks', ...here]]);
  const muted = new RegExp(`^([a-z-]+)\\[${place}\\] `, 'gm');
  for (const [, name = ''] of stdout.matchAll(muted)) await run(room, [['set-hook', '-u', ...here, name]]);
}
