import { timeLeft } from './airlock.ts';
import type { Room } from './claim.ts';
import { run } from './tmux.ts';

/** What our status segment shows: the time left, and who is in. Only user options in it can hold outside text. */
export const segment = `#{?@tmuxpair-until,[pairing ${timeLeft('@tmuxpair-until')}#{@tmuxpair-guests}] ,}`;

/** How many more columns the right-hand part of the host's status line gets, so theirs is not cut off. */
export const segmentWidth = 24;

/** Shows a new deadline on the status line. @param deadline epoch seconds */
export async function showDeadline(room: Room, deadline: number): Promise<void> {
  await run(room, [['set-option', '-t', `${room.target}:`, '@tmuxpair-until', String(deadline)]]);
}

/** Shows who is in on the status line. @param labels safe text */
export async function showGuests(room: Room, labels: readonly string[]): Promise<void> {
  const text = labels.length === 0 ? '' : `: ${labels.join(' ')}`;
  await run(room, [['set-option', '-t', `${room.target}:`, '@tmuxpair-guests', text]]);
}
