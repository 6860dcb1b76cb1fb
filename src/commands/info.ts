import { jsonLine } from '../domain/text.ts';
import type { Describe } from '../options/command.ts';
import { addLive, type LiveOptions, type Target, targetOf } from '../options/live.ts';
import { pairingInfo, pairingJson } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { onePairing } from './select-pairing.ts';

export const info: Describe = (program, { run }) => {
  addLive(program, 'info [id]', 'everything about one pairing').action(
    (id: string | undefined, options: LiveOptions) =>
      run(options, (terminal) => infoCommand(targetOf(options, id), terminal)),
  );
};

/** Shows one pairing. @returns the exit code; @throws Refusal `no-such-pairing` */
export async function infoCommand(target: Target, terminal: Terminal): Promise<number> {
  const { pairing } = await onePairing(target, terminal);
  terminal.data(target.json ? jsonLine(pairingJson(pairing)) : pairingInfo(pairing));
  return 0;
}
