/** The key by which the host gets their menu. In a room's own server only: nobody else's key table is touched. */
import { shWord } from '../domain/sh-word.ts';
import type { Room } from './claim.ts';
import { type Commands, run } from './tmux.ts';

const command = '@tmuxpair-menu';
const keyOption = '@tmuxpair-menu-key';

/**
 * Binds a key, after the prefix, to a command that gets the process id of the client it was pressed in.
 * @param key as tmux writes it
 * @param over whether to take it where the host's own configuration has it
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
  // From an option, since the command of a binding is a format, and a path may hold what one would expand.
  const menu = ['run-shell', '-b', `#{${command}} #{client_pid} >/dev/null 2>&1 || :`];
  const { ok } = await run(room, [
    ['set-option', '-g', command, words.map(shWord).join(' ')],
    ['set-option', '-g', keyOption, key],
    ['bind-key', '-N', 'tmuxpair: your guests', '-T', 'prefix', key, ...menu],
  ]);
  return ok;
}

/**
 * Whether a key does anything after the prefix. Asked for one key, or one binding, tmux 3.7 prints nothing: so all are
 * listed, with a table of our own that tells how tmux writes this one.
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

/** Asks which key is bound; nothing where none is. The answer stands in the first line. */
export const askForMenuKey: Commands = [['show-options', '-gqv', keyOption]];

/** Unbinds the key that {@link askForMenuKey} was answered with. */
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
