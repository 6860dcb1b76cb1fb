import {
  choose,
  idsOf,
  type Reach,
  type Reached,
  reachAll,
  request,
  type Silent,
} from '../control/client.ts';
import type { Request } from '../control/server.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import { jsonLine } from '../domain/text.ts';
import type { Target } from '../options/live.ts';
import { pairingJson } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';

/** Every live pairing. Sweeps dead pairings first, and reports that. */
export async function allPairings(target: Target, terminal: Terminal): Promise<Reach> {
  const reach = await reachTold(target, terminal);
  tellSilent(reach.silent, terminal);
  return reach;
}

/** The pairing that is meant. @throws Refusal `no-such-pairing`, `pairing-silent` */
export async function onePairing(target: Target, terminal: Terminal): Promise<Reached> {
  const reach = await reachTold(target, terminal);
  const chosen = choose(reach, process.env, target.id);
  if (target.id === undefined) tellSilent(reach.silent, terminal);
  if (reach.failure) terminal.event({ kind: 'sweep-failed', failure: reach.failure });
  return chosen;
}

async function reachTold({ keyFile }: Target, terminal: Terminal): Promise<Reach> {
  const reach = await reachAll(process.env, keyFile);
  if (reach.swept.length > 0) terminal.event({ kind: 'swept', ids: idsOf(reach.swept) });
  return reach;
}

function tellSilent(silent: readonly Silent[], terminal: Terminal): void {
  if (silent.length > 0) terminal.event({ kind: 'silent', ids: silent.map(({ id }) => id) });
}

/**
 * Has the pairing that is meant carry out a request, and prints what came of it.
 * @param check throws if the host does not want that of this pairing
 * @returns the exit code
 * @throws Refusal
 */
export async function carryOut(
  target: Target,
  message: Request,
  terminal: Terminal,
  say: (pairing: PairingInfo) => string,
  check?: (pairing: PairingInfo) => Promise<void>,
): Promise<number> {
  const reached = await onePairing(target, terminal);
  await check?.(reached.pairing);
  const remark = (text: string): void => terminal.event({ kind: 'remark', text });
  const pairing = await request(reached, message, remark);
  terminal.data(target.json ? jsonLine(pairingJson(pairing)) : say(pairing), 'answer');
  if (!target.json && message.op !== 'stop')
    for (const trouble of pairing.trouble) terminal.event({ kind: 'trouble', trouble });
  return 0;
}
