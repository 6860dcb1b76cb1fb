/** Names for completion, from files alone: pressing Tab must not make a keychain ask for a password. */

import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { isLabel } from '../domain/guest.ts';
import { inLease } from '../domain/lease-folder.ts';
import { linesSince } from '../journal/log.ts';
import { fileStore } from '../keyring/file-store.ts';
import { stateFolder } from '../keyring/state-folder.ts';
import { readRecord } from '../lease/lease-record.ts';
import { isAlive } from '../lease/process.ts';
import { runDirectories } from '../lease/run-directory.ts';
import { leaseFolders } from '../lease/sweep.ts';

export type Names = 'guests' | 'pairings' | 'known';

/**
 * The names that fit: guests of live pairings, live pairings, or former guests. Only names that every shell takes for
 * one word.
 */
export async function namesFor(what: Names, env: NodeJS.ProcessEnv): Promise<string[]> {
  const names =
    what === 'known'
      ? await references(env)
      : what === 'guests'
        ? guests(env)
        : pairings(env).map((folder) => basename(folder));
  return [...new Set(names)].filter((name) => /^[A-Za-z0-9@_.:/+-]+$/.test(name)).sort();
}

/** Pairings that can be talked to: a trial login beside one is a lease, too. */
function pairings(env: NodeJS.ProcessEnv): string[] {
  return leaseFolders({ roots: runDirectories(env), keyFiles: [] }).filter((folder) => {
    const record = readRecord(folder);
    const isServed = existsSync(inLease(folder, 'control'));
    return isServed && typeof record !== 'string' && isAlive(record.supervisor);
  });
}

function guests(env: NodeJS.ProcessEnv): string[] {
  return pairings(env).flatMap((folder) => readdirSync(inLease(folder, 'open')).filter(isLabel));
}

/** From the pins in files and the log. Those of GitHub in both of their spellings. */
async function references(env: NodeJS.ProcessEnv): Promise<string[]> {
  const pinned = await fileStore(stateFolder(env, 'pins')).references();
  const invited = linesSince(env).flatMap((line) => (line.event === 'invited' ? [line.reference] : []));
  return [...(pinned.ok ? pinned.value : []), ...invited]
    .filter((name) => typeof name === 'string' && !/^(file|stdin):/.test(name))
    .flatMap((name) => [name, ...(/^github:[^@]+$/.test(name) ? [name.replace('github:', '@')] : [])]);
}
