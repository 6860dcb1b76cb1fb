import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeaseId } from '../../src/domain/lease-id.ts';
import { on, type Platform } from './platform.ts';

export const leaseId = 'aaaabbbbcccc' as LeaseId;

/** Shells that may be somebody's `/bin/sh`, as far as this machine has them. */
export const shells: readonly (readonly string[])[] = [
  ['dash'],
  // Its input is a socket to Node's: it would take that for rshd's, and read whoever runs the tests' own .bashrc.
  ['bash', '--norc', '--posix'],
  ['busybox', 'ash'],
  ['ksh'],
  ['mksh'],
  ['yash', '-o', 'posixlycorrect'],
].filter(([program = '']) => (process.env.PATH ?? '').split(':').some((folder) => has(folder, program)));

/** The folder of a lease that lives, made by hand, with the scripts of one platform. */
export interface LeaseFolder {
  readonly dir: string;
  readonly home: string;
  write(name: string, text: string, mode?: number): string;
  /** What stands in one of its folders, by name. */
  names(folder: string): string[];
  remove(): void;
}

export function makeLeaseFolder(name: string = leaseId): LeaseFolder {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'tmuxpair-scripts-')));
  const dir = join(home, name);
  mkdirSync(dir, { mode: 0o700 });
  for (const folder of ['open', 'in', 'air', 'ask', 'view', 'refused']) mkdirSync(join(dir, folder));
  const write = (name: string, text: string, mode = 0o600): string => {
    writeFileSync(join(dir, name), text);
    chmodSync(join(dir, name), mode);
    return join(dir, name);
  };
  return {
    dir,
    home,
    write,
    names: (folder) => readdirSync(join(dir, folder)).sort(),
    remove: () => rmSync(home, { recursive: true }),
  };
}

/** The scripts, and the identities of processes, as they are on a platform. */
export async function scriptsOn(platform: Platform) {
  return on(platform, async () => ({
    ...(await import('../../src/lease/scripts.ts')),
    ...(await import('../../src/lease/ending-scripts.ts')),
    ...(await import('../../src/lease/process.ts')),
  }));
}

function has(folder: string, program: string): boolean {
  try {
    return readdirSync(folder).includes(program);
  } catch {
    return false;
  }
}
