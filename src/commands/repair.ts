import { request } from '../control/client.ts';
import { jsonLine } from '../domain/text.ts';
import type { Describe } from '../options/command.ts';
import { addLive, type LiveOptions, type Target, targetOf } from '../options/live.ts';
import { pairingJson } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { troubleWords } from '../ui/trouble-words.ts';
import { onePairing } from './select-pairing.ts';

export const repair: Describe = (program, { run }) => {
  addLive(program, 'repair', 'put back what was taken away from a live pairing').action(
    (options: LiveOptions) => run(options, (terminal) => repairCommand(targetOf(options), terminal)),
  );
};

/**
 * Puts back what was taken away from a live pairing.
 * @returns the exit code
 * @throws Refusal `trouble-left`, `key-already-present`, those of `editKeyFile`
 */
export async function repairCommand(target: Target, terminal: Terminal): Promise<number> {
  const reached = await onePairing(target, terminal);
  const remark = (text: string): void => terminal.event({ kind: 'remark', text });
  const pairing = await request(reached, { op: 'repair' }, remark);
  const { id, trouble } = reached.pairing;
  const answer =
    trouble.length === 0
      ? `${id}: nothing to repair`
      : `${id}: right again: ${trouble.map((one) => troubleWords(one).over).join('; ')}`;
  terminal.data(target.json ? jsonLine(pairingJson(pairing)) : answer, 'answer');
  return 0;
}
