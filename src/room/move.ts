import { inLease } from '../domain/lease-folder.ts';
import type { Room } from './claim.ts';
import { clientsOf } from './clients.ts';
import { run } from './tmux.ts';

/**
 * Makes guests go through the gate again where they are, in the same terminal and connection: their tmux client gives
 * way to `gate`, which lets them in with their present access. What a guest types from the moment this runs goes
 * nowhere: their client becomes read-only first, since it is asked, not forced, to give way.
 * @param guests the pid of each guest's client, as registered at the gate, and the sh command that runs the gate for it
 * @returns the pids of those that could not be moved: their client is not, or no longer, attached
 */
export async function moveGuests(
  room: Room,
  folder: string,
  guests: readonly { readonly pid: number; readonly gate: string }[],
): Promise<number[]> {
  const clients = await clientsOf(room);
  // A client runs the gate in its session's shell. The host's own would read their start-up files in the guest's
  // terminal.
  const option = ['-t', `${room.target}:`, 'default-shell'];
  const { stdout: shell } = await run(room, [['show-options', '-qv', ...option]]);
  const restore = shell === '' ? ['set-option', '-u', ...option] : ['set-option', ...option, shell];
  const moved = await Promise.all(
    guests.map(async ({ pid, gate }) => {
      const client = clients.find((other) => other.pid === pid);
      if (!client) {
        // A socket alone proves nothing: it stays when an airlock ends, and exists before its guest is there.
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
