import { jsonLine } from '../domain/text.ts';
import { entryJson, pairingInfo } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { onePairing, type Target } from './reach.ts';

/** Shows one pairing. @returns the exit code; @throws Refusal `no-such-pairing` */
export async function infoCommand(target: Target, terminal: Terminal): Promise<number> {
  const { pairing } = await onePairing(target, terminal);
  terminal.data(target.json ? jsonLine(entryJson(pairing)) : pairingInfo(pairing));
  return 0;
}
