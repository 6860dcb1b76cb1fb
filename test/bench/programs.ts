import { existsSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { program } from '../support/program.ts';
import { type Program, testRun } from '../support/run.ts';

const built = new URL('../../.binary/tmuxpair', import.meta.url).pathname;

const { NODE_EXTRA_CA_CERTS } = process.env;

/**
 * What every Node process does before it begins, where this runs: to read more certificates may take it longer than all
 * else. It is in the floors, too.
 */
export const startingNode = NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS };

/** A build of the program, as it is to be measured. */
export interface Build extends Program {
  readonly name: 'npm build' | 'standalone';
}

/** The npm build, and the standalone executable where there is one, where any account can run them. */
export async function builds(): Promise<Build[]> {
  const npm = { name: 'npm build', ...program() } as const;
  if (!existsSync(built)) return [npm];
  const file = `${testRun().folder}/standalone`;
  if (!existsSync(file)) {
    await copyFile(built, file);
    await chmod(file, 0o755);
  }
  return [npm, { name: 'standalone', file, args: [] }];
}
