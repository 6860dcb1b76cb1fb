import { inLease } from '../domain/lease-folder.ts';
import { presences } from '../lease/presence.ts';
import { type Output, takesOutput, viewersIn } from '../room/backlog.ts';
import type { Room } from '../room/claim.ts';
import type { Client } from '../room/clients.ts';
import { signalProcess } from '../system/signal.ts';
import type { Live } from './live.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** In bytes of output: how much may be written between two looks at a terminal, and how much it may leave untaken. */
const [stride, most] = [2_000_000, 16_000_000];

/**
 * Ends the connections of guests whose terminals take no output any more, for example after `kill -STOP`, on a closed
 * laptop, or on purpose: their output would fill this machine's memory. To be called with every report of the room's
 * clients.
 * @returns a function that resolves when that report has been looked at, and never rejects
 */
export function boundBacklogs(live: Live, room: Room): (clients: readonly Client[]) => Promise<void> {
  const { folder } = live.lease;
  /** What had been written for a client, by pid, when it was last looked at. */
  const looked = new Map<number, number>();
  /** What had been written and discarded for it when its terminal was last known to take output. */
  const taken = new Map<number, Pick<Output, 'written' | 'discarded'>>();

  const isDue = ({ pid, written }: Client): boolean => {
    const last = looked.get(pid) ?? Number.POSITIVE_INFINITY;
    if (last <= written && written - last < stride) return false;
    looked.set(pid, written);
    return last <= written; // Otherwise it is new, or another with the same pid.
  };
  const bound = async ({ pid, tty, written, discarded }: Output): Promise<void> => {
    const last = taken.get(pid);
    // tmux discards output only for a terminal that has just taken some.
    const hasTaken =
      !last || last.discarded !== discarded || last.written > written || (await takesOutput(tty));
    if (hasTaken) taken.set(pid, { written, discarded });
    // Killed, not asked: a client that says good-bye would wait for the terminal, too.
    else if (written - last.written > most) signalProcess(pid, 'SIGKILL');
  };
  const look = async (clients: readonly Client[]): Promise<void> => {
    const due = clients.filter(isDue);
    if (due.length === 0) return;
    const guests = new Set(presences(folder).map(({ pid }) => pid));
    // The others are the host's, or look into the room for a viewer: those take what the viewer's terminal may not.
    const isDirect = due.every(({ pid }) => guests.has(pid));
    const viewers = isDirect ? [] : await viewersIn(room.tmux, inLease(folder, 'air'));
    for (const output of [...due, ...viewers]) if (guests.has(output.pid)) await bound(output);
  };
  return oneAtATime(look);
}
