import type { Room } from './room.ts';
import { run } from './tmux.ts';

/** The clients in the room, an observer (see observe.ts) aside. */
export async function clientsOf(room: Room): Promise<{ pid: number; name: string }[]> {
  const { stdout } = await run(room, [
    ['list-clients', '-t', room.target, '-F', '#{client_control_mode} #{client_pid} #{client_name}'],
  ]);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('0 '))
    .map((line) => {
      const [, pid = '', name = ''] = line.split(' ');
      return { pid: Number(pid), name };
    });
}
