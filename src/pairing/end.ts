import { type Failure, Refusal } from '../domain/failure.ts';
import { revoke } from '../lease/grant.ts';
import { remakeLease, sever, shutGate } from '../lease/lease.ts';
import { endProbe } from '../lease/probe.ts';
import type { Pairing } from './live.ts';

/**
 * Ends the guests' access: shuts the gate, takes the lines back, ends every connection. Runs once, however often and by
 * whomever it is called. Each step is tried whatever became of the one before. What could not be taken back is returned
 * as a failure, and left for the dead man's switch and the next sweep to try again.
 * @param registered the guests last seen inside, as names in the lease's `in/`, in case its folder is gone
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
      await changes.settled; // An invitation under way would otherwise write its lines after ours were taken back.
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

/** The failure to report. If lines and guests are both left, one failure reports both. */
function asOne(failures: readonly Failure[]): Failure | undefined {
  const lines = failures.find((failure) => failure.kind === 'revocation-failed');
  const guests = failures.find((failure) => failure.kind === 'guests-left');
  return lines && guests ? { ...lines, guestsLeft: guests.folder } : failures[0];
}
