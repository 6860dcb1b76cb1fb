/** When a pairing ends: sets and moves the deadline in every place that holds it. */
import { type Deadline, deadlineIn, secondsLeft } from '../domain/deadline.ts';
import { inLease } from '../domain/lease-folder.ts';
import { setDeadline } from '../lease/deadline-file.ts';
import { moveExpiry, withMovedExpiry } from '../lease/grant.ts';
import { uptime } from '../lease/process.ts';
import { writeBelow } from '../lease/run-directory.ts';
import { showDeadlineInside } from '../room/airlock.ts';
import { showDeadline } from '../room/status-segment.ts';
import type { Live, Pairing } from './live.ts';

export function deadlineFrom(start: Date, seconds: number): Deadline {
  return deadlineIn(seconds, { epoch: start.getTime() / 1000, sinceBoot: uptime() });
}

/** In seconds, negative once it has passed; by whichever clock is further ahead. */
export function timeLeft({ deadline }: Pick<Pairing, 'deadline'>): number {
  return secondsLeft(deadline, { epoch: Date.now() / 1000, sinceBoot: uptime() });
}

/** Whether it took more than a second to get here, in which nobody could come in. */
export function isLate({ startedAt }: Pairing): boolean {
  return Date.now() - startedAt.getTime() > 1000;
}

/**
 * Gives the gate and the clock their deadline, before there are lines. If it is late, time counts from now.
 * @throws Refusal `run-directory-refused`
 */
export function startDeadline(pairing: Pairing, seconds: number): void {
  if (isLate(pairing)) pairing.deadline = deadlineFrom(new Date(), seconds);
  writeBelow(pairing.lease.folder, () => setDeadline(pairing.lease, pairing.deadline));
}

/**
 * Moves the deadline: at once for the gate and the clocks, which end access; then in the lines, and wherever it is
 * shown.
 * @param seconds added to what is left
 * @throws Refusal those of `editKeyFile`; the deadline is then the old one
 */
export async function moveDeadline(live: Live, seconds: number): Promise<void> {
  moveFile(live, seconds);
  try {
    await live.changes.take(async () => {
      const expiry = live.expiryOf(live.deadline.epoch);
      if (expiry !== undefined) {
        await moveExpiry(live.lease, expiry);
        live.lines = live.lines.map((line) => withMovedExpiry(live.lease, line, expiry));
      }
      await show(live);
    });
  } catch (error) {
    moveFile(live, -seconds);
    throw error;
  }
}

function moveFile(live: Live, seconds: number): void {
  const { epoch, sinceBoot } = live.deadline;
  const moved = { epoch: epoch + seconds, sinceBoot: sinceBoot + seconds };
  setDeadline(live.lease, moved);
  live.deadline = moved;
}

async function show({ lease, deadline, room }: Live): Promise<void> {
  await Promise.all([
    showDeadline(room, deadline.epoch),
    showDeadlineInside(room.tmux, inLease(lease.folder, 'air'), deadline.epoch),
  ]);
}
