import { type Failure, Refusal } from '../domain/failure.ts';
import { type Lease, removeLease, revoke, sever, shutGate } from '../lease/lease.ts';
import { closeRoom, leaveRoom, type Room } from '../room/room.ts';
import type { DeadMan } from './dead-man.ts';

/** What a pairing has opened so far, and its end has to close. */
export interface Live {
  readonly lease: Lease;
  room?: Room;
  /** Whether the room is new, and the host has not been in it yet: then there is no work in it to keep. */
  unseen?: boolean;
  deadMan?: DeadMan;
  ended?: Promise<Failure | undefined>;
}

/**
 * Ends the guests' access: the gate shut, the lines taken back, every connection ended. Runs once, whoever asks and
 * however often. Each step is tried whatever became of the one before; what could not be taken back is given as a
 * failure and left for the dead man's switch and the next sweep to try again.
 */
export function endAccess(live: Live): Promise<Failure | undefined> {
  live.ended ??= end(live);
  return live.ended;
}

async function end({ lease, room, unseen, deadMan }: Live): Promise<Failure | undefined> {
  const failures: Failure[] = [];
  const attempt = async (step: () => unknown): Promise<void> => {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failures.push(error.failure);
    }
  };
  shutGate(lease.folder);
  await Promise.all([
    attempt(() => revoke(lease.keyFile, lease.id)),
    attempt(async () => {
      if (await sever(lease.folder)) return;
      throw new Refusal({ kind: 'guests-left', folder: lease.folder });
    }),
  ]);
  if (room) await (unseen ? closeRoom(room) : leaveRoom(room));
  if (failures.length === 0) {
    await deadMan?.dismiss();
    removeLease(lease.folder);
  }
  return failures[0];
}
