import { Refusal } from '../domain/failure.ts';
import { jsonLine } from '../domain/text.ts';
import type { Describe } from '../options/command.ts';
import { addLive, type LiveOptions, type Target, targetOf } from '../options/live.ts';
import { recoverLease } from '../pairing/recover.ts';
import type { Terminal } from '../ui/terminal.ts';
import { carryOut } from './select-pairing.ts';

export const stop: Describe = (program, { run }) => {
  addLive(program, 'stop', 'end it now').action((options: LiveOptions) =>
    run(options, (terminal) => stopCommand(targetOf(options), terminal)),
  );
};

/**
 * Ends a pairing now; its host keeps their session. If its supervisor does not answer, takes access back without it;
 * should the supervisor go on, it ends, too.
 * @returns the exit code
 * @throws Refusal
 */
export async function stopCommand(target: Target, terminal: Terminal): Promise<number> {
  const over = (id: string): string => `${id} is over: access is revoked`;
  try {
    return await carryOut(target, { op: 'stop' }, terminal, ({ id }) => over(id));
  } catch (error) {
    const silent =
      error instanceof Refusal && error.failure.kind === 'pairing-silent' && error.failure.pairings;
    const [one, ...more] = silent || [];
    if (!one || more.length > 0) throw error;
    await recoverLease(process.env, one.folder);
    terminal.data(target.json ? jsonLine({ id: one.id, status: 'ending' }) : over(one.id), 'answer');
    return 0;
  }
}
