/** The key that opens the host's menu. Bound in a room's own server only: no other key table is touched. */
import { shWord } from '../domain/sh-word.ts';
import type { Room } from './claim.ts';
import { type Commands, run } from './tmux.ts';

const command = '@tmuxpair-menu';
const keyOption = '@tmuxpair-menu-key';

/**
 * Binds a key, after the prefix, to a command that gets the process id of the client in which it was pressed.
 * @param key as tmux writes it
 * @param over whether to take it even if the host's own configuration binds it
 * @param words the command
 * @returns whether the key is bound now
 */
export async function bindMenuKey(
  room: Room,
  { key, over }: { readonly key: string; readonly over: boolean },
  words: readonly string[],
): Promise<boolean> {
  if (!room.claim) return false;
  if (!over && (await isBound(room, key))) return false;
  // Read from an option, since the command of a binding is a format, which would expand what a path may contain.
  const menu = ['run-shell', '-b', `#{${command}} #{client_pid} >/dev/null 2>&1 || :`];
  const { ok } = await run(room, [
    ['set-option', '-g', command, words.map(shWord).join(' ')],
    ['set-option', '-g', keyOption, key],
    ['bind-key', '-N', 'tmuxpair: your guests', '-T', 'prefix', key, ...menu],
  ]);
  return ok;
}

/**
 * Whether a key does anything after the prefix. Asked for one key, or one binding, tmux 3.7 prints nothing. So this
 * lists all, with a table of our own that shows how tmux writes this key.
 */
async function isBound(room: Room, key: string): Promise<boolean> {
  const ours = 'tmuxpair';
  const { ok, stdout } = await run(room, [
    ['bind-key', '-T', ours, key, 'list-clients'],
    ['list-keys'],
    ['unbind-key', '-a', '-T', ours],
  ]);
  const keysOf = (table: string) =>
    [...stdout.matchAll(/^bind-key +(?:-r +)?-T (\S+) +(\S+) /gm)].flatMap(([, of, name]) =>
      of === table && name !== undefined ? [name] : [],
    );
  const [written] = keysOf(ours);
  return ok && written !== undefined && keysOf('prefix').includes(written);
}

/** Asks which key is bound. The answer is in the first line, which is empty if none is. */
export const askForMenuKey: Commands = [['show-options', '-gqv', keyOption]];

/** Unbinds the key in the answer to {@link askForMenuKey}. */
export async function unbindMenuKey(room: Room, answer: string): Promise<void> {
  const [key = ''] = answer.split('\n');
  if (key !== '') await run(room, unbinding(key));
}

function unbinding(key: string): Commands {
  return [
    ['unbind-key', '-q', '-T', 'prefix', key],
    ['set-option', '-gqu', command],
    ['set-option', '-gqu', keyOption],
  ];
}
