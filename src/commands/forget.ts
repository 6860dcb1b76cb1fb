import { refuse } from '../domain/failure.ts';
import type { NonEmpty, Reference } from '../domain/guest.ts';
import { openKeyring } from '../keyring/keyring.ts';
import type { Terminal } from '../ui/terminal.ts';

export interface ForgetIntent {
  readonly references: NonEmpty<Reference>;
  readonly json: boolean;
}

/**
 * Drops what is remembered of guests.
 * @returns the exit code
 * @throws Refusal `nothing-remembered` where nothing was, of any of them
 */
export async function forgetCommand({ references, json }: ForgetIntent, terminal: Terminal): Promise<number> {
  const keyring = openKeyring({
    env: process.env,
    onWarning: (warning) => terminal.event({ kind: 'keyring', warning }),
  });
  try {
    const texts = references.map(({ text }) => text);
    const forgotten = await keyring.forget(texts);
    if (json) terminal.data(JSON.stringify({ forgotten }));
    else for (const reference of forgotten) terminal.data(`${reference} is forgotten`);
    return forgotten.length > 0 ? 0 : refuse({ kind: 'nothing-remembered', references: texts });
  } finally {
    await keyring.close();
  }
}
