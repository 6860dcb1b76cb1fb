import type { NonEmpty, Reference } from '../domain/guest.ts';
import { type ComparedGuest, compareKeys, isRemembered, pinsOf } from '../guests/compare.ts';
import { type Keyring, openKeyring } from '../keyring/keyring.ts';
import { addCommon, type Common, type Describe } from '../options/command.ts';
import { addFreshness, type FreshnessOptions, freshnessOf } from '../options/freshness.ts';
import { addForges, type ForgeOptions, referencesOf } from '../options/guests.ts';
import { onStopSignals, unlessStopped } from '../pairing/stop.ts';
import { keysJson, keysTable } from '../ui/keys-table.ts';
import type { Terminal } from '../ui/terminal.ts';

export const keys: Describe = (program, { run }) => {
  const command = program
    .command('keys [guest...]')
    .description("fetch a guest's keys, show fingerprints and trust");
  addFreshness(addForges(addCommon(command)))
    .option('--json', 'as JSON')
    .action((names: string[], options: Common & FreshnessOptions & ForgeOptions) =>
      run(options, (terminal) => {
        const references = referencesOf(names, options, process.env);
        return keysCommand({ references, ...freshnessOf(options), json: options.json === true }, terminal);
      }),
    );
};

export interface KeysIntent {
  readonly references: NonEmpty<Reference>;
  readonly offline: boolean;
  readonly refresh: boolean;
  readonly acceptNewKeys: boolean;
  readonly json: boolean;
}

/**
 * Shows the keys of guests next to what is remembered of them, and remembers them. If a known guest has more keys than
 * before, only `--accept-new-keys`, or a yes at the start of a pairing, has them remembered.
 * @returns the exit code
 * @throws Refusal of a provider; Stopped
 */
export async function keysCommand(intent: KeysIntent, terminal: Terminal): Promise<number> {
  const stop = onStopSignals();
  const keyring = intent.references.some(isRemembered)
    ? openKeyring({
        env: process.env,
        onWarning: (warning) => terminal.event({ kind: 'keyring', warning }),
      })
    : undefined;
  await unlessStopped(stop, show(intent, keyring, stop, terminal));
  return 0;
}

async function show(
  intent: KeysIntent,
  keyring: Keyring | undefined,
  stop: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  const onlooker = { env: process.env, stop, emit: terminal.event };
  const seen = await compareKeys(intent.references, intent, keyring, onlooker);
  const unsure = intent.acceptNewKeys ? [] : seen.filter(addsKeys);
  const sure = seen.filter((guest) => !unsure.includes(guest));
  const pins = pinsOf(sure, false);
  await keyring?.remember(pins);
  const where = pins.length > 0 ? await keyring?.where() : undefined;
  await keyring?.close();
  terminal.data(intent.json ? keysJson(seen) : keysTable(seen, unsure, where));
}

function addsKeys({ trust }: ComparedGuest): boolean {
  return trust.verdict === 'changed' && trust.needsYes;
}
