import { refuse } from '../domain/failure.ts';
import { jsonLine } from '../domain/text.ts';
import type { Describe } from '../options/command.ts';
import { addLive, type LiveOptions, type Target, targetOf } from '../options/live.ts';
import { pairingJson, pairingsTable } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { allPairings } from './select-pairing.ts';

export const list: Describe = (program, { run }) => {
  addLive(program, 'list', 'what is live, and who is in').action((options: LiveOptions) =>
    run(options, (terminal) => listCommand(targetOf(options), terminal)),
  );
};

/**
 * Lists the live pairings and who is in.
 * @returns the exit code, 0 even if there are none
 * @throws Refusal `revocation-failed`, `guests-left` of dead pairings, after that
 */
export async function listCommand(target: Target, terminal: Terminal): Promise<number> {
  const { reached, silent, failure } = await allPairings(target, terminal);
  const pairings = reached.map(({ pairing }) => pairing);
  if (target.json) terminal.data(jsonLine({ pairings: pairings.map(pairingJson) }));
  else if (pairings.length > 0 || silent.length === 0) terminal.data(pairingsTable(pairings));
  return failure ? refuse(failure) : 0;
}
