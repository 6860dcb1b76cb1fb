import type { NonEmpty, Reference } from '../domain/guest.ts';
import { openKeyring } from '../keyring/keyring.ts';
import { isRemembered, pinsOf, type Seen, seeKeys } from '../session/seen.ts';
import { onStopSignals } from '../session/stop.ts';
import { keysJson, keysTable } from '../ui/keys-table.ts';
import type { Terminal } from '../ui/terminal.ts';

export interface KeysIntent {
  readonly references: NonEmpty<Reference>;
  readonly offline: boolean;
  readonly refresh: boolean;
  readonly acceptNewKeys: boolean;
  readonly json: boolean;
}

/**
 * Shows the keys of guests, next to what is remembered of them, and remembers them: but not where a known guest has
 * more keys than before, which only `--accept-new-keys` or a yes at the start of a pairing does.
 * @returns the exit code
 * @throws Refusal of a provider
 */
export async function keysCommand(intent: KeysIntent, terminal: Terminal): Promise<number> {
  const emit = terminal.event;
  const keyring = intent.references.some(isRemembered)
    ? openKeyring({ env: process.env, onWarning: (warning) => emit({ kind: 'keyring', warning }) })
    : undefined;
  try {
    const seen = await seeKeys(intent.references, intent, keyring, {
      env: process.env,
      stop: onStopSignals(),
      emit,
    });
    const accepted = seen.filter((guest) => intent.acceptNewKeys || !addsKeys(guest));
    await keyring?.remember(pinsOf(accepted, false));
    const where = await keyring?.where();
    terminal.data(intent.json ? keysJson(seen, where) : keysTable(seen, where));
    return 0;
  } finally {
    await keyring?.close();
  }
}

function addsKeys({ trust }: Seen): boolean {
  return trust.verdict === 'changed' && trust.needsYes;
}
