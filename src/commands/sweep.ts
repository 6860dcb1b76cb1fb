import { addCommon, type Common, type Describe, hidden } from '../options/command.ts';
import { addKeyFile, type KeyFileOptions, keyFileFrom } from '../options/key-file.ts';
import { recover, recoverLease } from '../pairing/recover.ts';
import type { Terminal } from '../ui/terminal.ts';

interface SweepOptions extends Common, KeyFileOptions {
  readonly lease?: string;
}

export const sweep: Describe = (program, { run }) => {
  addKeyFile(addCommon(program.command('sweep').description('take back what a crash left')))
    .addOption(hidden('--lease <folder>'))
    .action((options: SweepOptions) =>
      run(options, (terminal) => {
        const { lease } = options;
        const one = lease === undefined ? {} : { lease };
        return sweepCommand({ keyFile: keyFileFrom(options), ...one }, terminal);
      }),
    );
};

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
