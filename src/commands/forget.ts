import { refuse } from '../domain/failure.ts';
import { type NonEmpty, pinName, type Reference } from '../domain/guest.ts';
import { jsonLine, printable } from '../domain/text.ts';
import { openKeyring } from '../keyring/keyring.ts';
import { addCommon, type Common, type Describe } from '../options/command.ts';
import { addForges, type ForgeOptions, referencesOf } from '../options/guests.ts';
import type { Terminal } from '../ui/terminal.ts';

export const forget: Describe = (program, { run }) => {
  const command = program.command('forget [guest...]').description('drop what is remembered of a guest');
  addForges(addCommon(command))
    .option('--json', 'as JSON')
    .action((names: string[], options: Common & ForgeOptions) =>
      run(options, (terminal) => {
        const references = referencesOf(names, options, process.env);
        return forgetCommand({ references, json: options.json === true }, terminal);
      }),
    );
};

export interface ForgetIntent {
  readonly references: NonEmpty<Reference>;
  readonly json: boolean;
}

/**
 * Drops what is remembered of guests.
 * @returns the exit code
 * @throws Refusal `nothing-remembered` if nothing was remembered of any of them
 */
export async function forgetCommand({ references, json }: ForgetIntent, terminal: Terminal): Promise<number> {
  const keyring = openKeyring({
    env: process.env,
    onWarning: (warning) => terminal.event({ kind: 'keyring', warning }),
  });
  try {
    const guests = new Map(references.map((reference) => [pinName(reference), reference.text]));
    const dropped = await keyring.forget([...guests.keys()]);
    const forgotten = dropped.map((name) => guests.get(name) ?? name);
    if (json) terminal.data(jsonLine({ forgotten }));
    else for (const text of forgotten) terminal.data(`${printable(text)} is forgotten`);
    if (forgotten.length > 0) return 0;
    return refuse({ kind: 'nothing-remembered', references: [...guests.values()] });
  } finally {
    await keyring.close();
  }
}
