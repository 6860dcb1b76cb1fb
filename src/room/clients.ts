import type { Room } from './room.ts';
import { run } from './tmux.ts';

/** The tmux clients in a room's session: the host's and every guest's. */
export async function clientsOf(room: Room): Promise<{ pid: number; name: string }[]> {
  const { stdout } = await run(room, [
    ['list-clients', '-t', `=${room.session}`, '-F', '#{client_pid} #{client_name}'],
  ]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [pid = '', name = ''] = line.split(' ');
      return { pid: Number(pid), name };
    });
}
