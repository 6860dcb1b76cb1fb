import { recover, recoverLease } from '../pairing/recover.ts';
import type { Terminal } from '../ui/terminal.ts';

export interface SweepIntent {
  readonly keyFile: string;
  /** One lease's folder, to be taken back whoever supervises it. For the program's own use. */
  readonly lease?: string;
}

/** Takes back what dead pairings left. @returns the exit code; @throws Refusal `revocation-failed` */
export async function sweepCommand({ keyFile, lease }: SweepIntent, terminal: Terminal): Promise<number> {
  const swept =
    lease === undefined ? await recover(process.env, keyFile) : await recoverLease(process.env, lease);
  if (swept.length > 0) terminal.event({ kind: 'swept', ids: swept.map(({ id }) => id) });
  return 0;
}
