import { jsonLine } from '../domain/text.ts';
import type { Request } from '../session/control.ts';
import type { Entry } from '../session/entry.ts';
import { choose, type Reached, reachAll, request } from '../session/reach.ts';
import { idsOf } from '../session/recover.ts';
import type { Terminal } from '../ui/terminal.ts';

/** Which pairing a command is for, and how it is to answer. */
export interface Target {
  readonly keyFile: string;
  readonly id?: string;
  readonly json: boolean;
}

/** Every live pairing; what dead ones left has been taken back, and that is told. @throws Refusal */
export async function allPairings({ keyFile }: Target, terminal: Terminal): Promise<readonly Reached[]> {
  const { reached, swept } = await reachAll(process.env, keyFile);
  const ids = idsOf(swept);
  if (ids.length > 0) terminal.event({ kind: 'swept', ids });
  return reached;
}

/** The pairing that is meant. @throws Refusal `no-such-pairing` */
export async function onePairing(target: Target, terminal: Terminal): Promise<Reached> {
  return choose(await allPairings(target, terminal), process.env, target.id);
}

/**
 * Has the pairing that is meant carry out a request, and says what came of it.
 * @returns the exit code; @throws Refusal
 */
export async function carryOut(
  target: Target,
  message: Request,
  terminal: Terminal,
  say: (pairing: Entry) => string,
): Promise<number> {
  const pairing = await request(await onePairing(target, terminal), message);
  terminal.data(target.json ? jsonLine(pairing) : say(pairing), 'answer');
  return 0;
}
