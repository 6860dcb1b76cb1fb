import { type Failure, Refusal } from '../domain/failure.ts';
import { revoke } from '../lease/grant.ts';
import { remakeLease, sever, shutGate } from '../lease/lease.ts';
import { endProbe } from '../lease/probe.ts';
import type { Pairing } from './live.ts';

/**
 * Ends the guests' access: the gate shut, the lines taken back, every connection ended. Runs once, whoever asks and
 * however often. Each step is tried whatever became of the one before; what could not be taken back is given as a
 * failure and left for the dead man's switch and the next sweep to try again.
 * @param registered who was last seen to be in, as names in the lease's `in/`, for where its folder is gone
 */
export function endAccess(
  pairing: Pairing,
  registered: readonly string[] = [],
): Promise<Failure | undefined> {
  return pairing.life.end((mayHaveLines) => end(pairing, mayHaveLines, registered));
}

async function end(
  { lease, waysIn, opened, safeguards, changes }: Pairing,
  mayHaveLines: boolean,
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
  waysIn.closeAtOnce();
  shutGate(lease.folder);
  await Promise.all([
    attempt(async () => {
      await changes.settled; // An invitation under way would write its lines after ours had been taken back.
      if (mayHaveLines) await revoke(lease.keyFile, lease.id);
    }),
    attempt(async () => {
      remakeLease(lease, registered);
      if (await sever(lease.folder)) return;
      throw new Refusal({ kind: 'guests-left', folder: lease.folder });
    }),
    attempt(() => endProbe(lease.folder)),
  ]);
  errors.push(...(await opened.close()));
  if (errors.length === 0) await safeguards.close();
  for (const error of errors) if (!(error instanceof Refusal)) throw error;
  return asOne(errors.flatMap((error) => (error instanceof Refusal ? [error.failure] : [])));
}

/** What has failed; lines and guests that both are left are told together. */
function asOne(failures: readonly Failure[]): Failure | undefined {
  const lines = failures.find((failure) => failure.kind === 'revocation-failed');
  const guests = failures.find((failure) => failure.kind === 'guests-left');
  return lines && guests ? { ...lines, guestsLeft: guests.folder } : failures[0];
}
