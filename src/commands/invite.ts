import { request } from '../control/client.ts';
import { toWire } from '../control/wire.ts';
import { jsonLine } from '../domain/text.ts';
import type { Invited } from '../guests/guests.ts';
import { resolveGuests } from '../guests/guests.ts';
import type { Describe } from '../options/command.ts';
import { addFreshness, type FreshnessOptions, freshnessOf } from '../options/freshness.ts';
import {
  type AccessOptions,
  accessFrom,
  addForges,
  type ForgeOptions,
  referencesOf,
} from '../options/guests.ts';
import { addLive, type LiveOptions, type Target, targetOf, type YesOptions } from '../options/live.ts';
import { confirmSharing } from '../pairing/pairing.ts';
import { onStopSignals } from '../pairing/stop.ts';
import { pairingInfo, pairingJson } from '../ui/pairings-table.ts';
import type { Terminal } from '../ui/terminal.ts';
import { onePairing } from './select-pairing.ts';
import { terminalOf } from './surroundings.ts';

type InviteOptions = LiveOptions & FreshnessOptions & ForgeOptions & AccessOptions & YesOptions;

export const invite: Describe = (program, { run }) => {
  addFreshness(addForges(addLive(program, 'invite [guest...]', 'let more in')))
    .option('-r, --read-only', 'they may look, not type')
    .option('-y, --yes', 'answer yes to questions; new keys need --accept-new-keys all the same')
    .action((names: string[], options: InviteOptions) =>
      run(options, (terminal) => {
        const references = referencesOf(names, options, process.env);
        const invited = { references, access: accessFrom(options), ...freshnessOf(options) };
        return inviteCommand({ ...targetOf(options), ...invited, yes: options.yes === true }, terminal);
      }),
    );
};

export interface InviteIntent extends Target, Invited {
  /** Answers yes to questions in advance, except about new keys. */
  readonly yes: boolean;
}

/** Lets more guests into a live pairing. @returns the exit code; @throws Refusal */
export async function inviteCommand(intent: InviteIntent, terminal: Terminal): Promise<number> {
  const stop = onStopSignals();
  const reached = await onePairing(intent, terminal);
  const world = { env: process.env, stop, emit: terminal.event, ...terminalOf(stop) };
  if (reached.pairing.shared && intent.access === 'read-write' && !intent.yes)
    await confirmSharing(world.ask);
  const { guests, remember } = await resolveGuests(intent, world);
  const remark = (text: string): void => terminal.event({ kind: 'remark', text });
  const pairing = await request(reached, { op: 'invite', guests: guests.map(toWire) }, remark);
  await remember();
  terminal.data(intent.json ? jsonLine(pairingJson(pairing)) : pairingInfo(pairing), 'answer');
  return 0;
}
