import type { Room } from './room.ts';
import { run } from './tmux.ts';

export interface Client {
  readonly pid: number;
  /** What tmux calls it. */
  readonly name: string;
  readonly tty: string;
  /** The second in which a key was pressed in it last, since the epoch. */
  readonly activity: number;
}

/** The clients in the room, an observer (see observe.ts) aside; none where the server does not answer. */
export async function clientsOf(room: Room): Promise<Client[]> {
  return (await readClients(room)) ?? [];
}

/** The same; `undefined` where the server does not answer. */
export async function readClients(room: Room): Promise<Client[] | undefined> {
  const format = ['control_mode', 'pid', 'activity', 'tty', 'name'].map((field) => `#{client_${field}}`);
  const { ok, stdout } = await run(room, [['list-clients', '-t', room.target, '-F', format.join(' ')]]);
  if (!ok) return undefined;
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('0 '))
    .map((line) => {
      const [, pid = '', activity = '', tty = '', ...name] = line.split(' ');
      return { pid: Number(pid), activity: Number(activity), tty, name: name.join(' ') };
    });
}
