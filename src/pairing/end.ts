import { type Failure, Refusal } from '../domain/failure.ts';
import { revoke } from '../lease/grant.ts';
import { remakeLease, removeLease, sever, shutGate } from '../lease/lease.ts';
import { endProbe } from '../lease/probe.ts';
import { closeRoom, leaveRoom } from '../room/room.ts';
import { leaveShared } from '../room/share.ts';
import type { Live } from './live.ts';

/**
 * Ends the guests' access: the gate shut, the lines taken back, every connection ended. Runs once, whoever asks and
 * however often. Each step is tried whatever became of the one before; what could not be taken back is given as a
 * failure and left for the dead man's switch and the next sweep to try again.
 * @param registered who was last seen to be in, as names in the lease's `in/`, for where its folder is gone
 */
export function endAccess(live: Live, registered: readonly string[] = []): Promise<Failure | undefined> {
  live.ended ??= end(live, registered);
  return live.ended;
}

async function end(
  { lease, closing, room, unseen, deadMan, changes, told, mayHaveLines }: Live,
  registered: readonly string[],
): Promise<Failure | undefined> {
  const errors: unknown[] = [];
  const attempt = async (step: () => unknown): Promise<void> => {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  };
  for (const close of closing) close();
  shutGate(lease.folder);
  await Promise.all([
    attempt(async () => {
      await changes; // An invitation under way would write its lines after ours had been taken back.
      if (mayHaveLines) await revoke(lease.keyFile, lease.id);
    }),
    attempt(async () => {
      remakeLease(lease, registered);
      if (await sever(lease.folder)) return;
      throw new Refusal({ kind: 'guests-left', folder: lease.folder });
    }),
    attempt(() => endProbe(lease.folder)),
  ]);
  if (room && unseen) await closeRoom(room);
  else if (room?.claim) await leaveRoom(room);
  else if (room) {
    await told; // What is shown on its status line after it was left would stay.
    await leaveShared(room, lease.id);
  }
  if (errors.length === 0) {
    await deadMan?.dismiss();
    removeLease(lease.folder);
  }
  for (const error of errors) if (!(error instanceof Refusal)) throw error;
  return asOne(errors.flatMap((error) => (error instanceof Refusal ? [error.failure] : [])));
}

/** What has failed; lines and guests that both are left are told together. */
function asOne(failures: readonly Failure[]): Failure | undefined {
  const lines = failures.find((failure) => failure.kind === 'revocation-failed');
  const guests = failures.find((failure) => failure.kind === 'guests-left');
  return lines && guests ? { ...lines, guestsLeft: guests.folder } : failures[0];
}
