import { inLease } from '../domain/lease-folder.ts';
import type { Room } from './claim.ts';
import { clientsOf } from './clients.ts';
import { run } from './tmux.ts';

/**
 * Has guests go through the gate again where they are, in the terminal and the connection that they have: their tmux
 * client gives way to `gate`, which lets them in as their access is by now. What a guest types from the moment this
 * runs goes nowhere: their client is made read-only first, since it is asked, not forced, to give way.
 * @param guests the pid of each one's client, as registered at the gate, and the sh command that runs the gate for them
 * @returns the pids of those that could not be moved: their client is not, or no longer, attached
 */
export async function moveGuests(
  room: Room,
  folder: string,
  guests: readonly { readonly pid: number; readonly gate: string }[],
): Promise<number[]> {
  const clients = await clientsOf(room);
  // A client has its session's shell run the gate: one of the host's would read their start-up files in the guest's terminal.
  const option = ['-t', `${room.target}:`, 'default-shell'];
  const { stdout: shell } = await run(room, [['show-options', '-qv', ...option]]);
  const restore = shell === '' ? ['set-option', '-u', ...option] : ['set-option', ...option, shell];
  const moved = await Promise.all(
    guests.map(async ({ pid, gate }) => {
      const client = clients.find((other) => other.pid === pid);
      if (!client) {
        // A socket alone says nothing: it stays behind when an airlock ends, and is there before its guest is.
        const airlock = { tmux: room.tmux, socket: inLease(folder, 'air', String(pid)) };
        const { ok, stdout } = await run(airlock, [
          ['list-clients', '-t', '=look', '-F', '#{client_pid}'],
          ['detach-client', '-s', '=look', '-E', gate],
        ]);
        return ok && stdout === String(pid);
      }
      const commands = [
        ['set-option', ...option, '/bin/sh'],
        ['refresh-client', '-t', client.name, '-f', 'read-only,ignore-size'],
        ['detach-client', '-t', client.name, '-E', gate],
        restore,
      ];
      const { ok } = await run(room, commands);
      if (!ok) await run(room, [restore]);
      return ok;
    }),
  );
  return guests.flatMap(({ pid }, index) => (moved[index] ? [] : [pid]));
}
