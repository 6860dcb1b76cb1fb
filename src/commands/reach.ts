import { jsonLine } from '../domain/text.ts';
import type { Request } from '../session/control.ts';
import type { Entry } from '../session/entry.ts';
import { choose, idsOf, type Reached, reachAll, request } from '../session/reach.ts';
import type { Terminal } from '../ui/terminal.ts';

/** Which pairing a command is for, and how it is to answer. */
export interface Target {
  readonly keyFile: string;
  readonly id?: string;
  readonly json: boolean;
}

/** Every live pairing; what dead ones left has been taken back, and that is told. @throws Refusal */
export async function allPairings({ keyFile }: Target, terminal: Terminal): Promise<readonly Reached[]> {
  const { reached, silent, swept } = await reachAll(process.env, keyFile);
  if (swept.length > 0) terminal.event({ kind: 'swept', ids: idsOf(swept) });
  if (silent.length > 0) terminal.event({ kind: 'silent', ids: silent });
  return reached;
}

/** The pairing that is meant. @throws Refusal `no-such-pairing` */
export async function onePairing(target: Target, terminal: Terminal): Promise<Reached> {
  return choose(await allPairings(target, terminal), process.env, target.id);
}

/**
 * Has the pairing that is meant carry out a request, and says what came of it.
 * @param check throws where the host does not want that of this pairing
 * @returns the exit code; @throws Refusal
 */
export async function carryOut(
  target: Target,
  message: Request,
  terminal: Terminal,
  say: (pairing: Entry) => string,
  check?: (pairing: Entry) => Promise<void>,
): Promise<number> {
  const reached = await onePairing(target, terminal);
  await check?.(reached.pairing);
  const pairing = await request(reached, message);
  terminal.data(target.json ? jsonLine(pairing) : say(pairing), 'answer');
  return 0;
}
