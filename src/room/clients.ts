import type { Room } from './claim.ts';
import { run } from './tmux.ts';

export interface Client {
  readonly pid: number;
  /** What tmux calls it. */
  readonly name: string;
  readonly tty: string;
  /** The second of the last key press in it, since the epoch. */
  readonly activity: number;
  /** In cells; for a terminal without a size, what tmux assumes. */
  readonly columns: number;
  readonly rows: number;
  /** Bytes that the server has written for its terminal in all, including those that it has not taken yet. */
  readonly written: number;
  /** Those of them that tmux discarded because the terminal was too slow. */
  readonly discarded: number;
  /** Whether it was told to give up its terminal until somebody continues it (`suspend-client`). */
  readonly suspended: boolean;
}

const fields = [
  'control_mode',
  'pid',
  'activity',
  'width',
  'height',
  'written',
  'discarded',
  'flags',
  'tty',
  'name',
];
const format = fields.map((field) => `#{client_${field}}`).join(' ');

/** The clients in the room, except an observer (see observe.ts); none if the server does not answer. */
export async function clientsOf(room: Room): Promise<Client[]> {
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { ok, stdout } = await run(room, [listClients(room)]);
    if (ok) return parseClients(stdout.split('\n'));
  }
  return [];
}

/** The command whose answer {@link parseClients} reads. */
export function listClients({ target }: Pick<Room, 'target'>): readonly string[] {
  return ['list-clients', '-t', target, '-F', format];
}

export function parseClients(lines: readonly string[]): Client[] {
  return lines
    .filter((line) => line.startsWith('0 '))
    .map((line) => {
      const [, pid, activity, columns, rows, written, discarded, flags = '', tty = '', ...name] =
        line.split(' ');
      return {
        pid: Number(pid),
        activity: Number(activity),
        columns: Number(columns),
        rows: Number(rows),
        written: Number(written),
        discarded: Number(discarded),
        suspended: flags.split(',').includes('suspended'),
        tty,
        name: name.join(' '),
      };
    });
}
