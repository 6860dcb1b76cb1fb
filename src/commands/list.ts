import { jsonLine } from '../domain/text.ts';
import { pairingsTable } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { allPairings, type Target } from './reach.ts';

/** Lists what is live and who is in. @returns the exit code, 0 also where nothing is; @throws Refusal */
export async function listCommand(target: Target, terminal: Terminal): Promise<number> {
  const pairings = (await allPairings(target, terminal)).map(({ pairing }) => pairing);
  terminal.data(target.json ? jsonLine({ pairings }) : pairingsTable(pairings));
  return 0;
}
