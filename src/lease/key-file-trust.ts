import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Failure, refuse } from '../domain/failure.ts';
import { shWord } from '../domain/sh-word.ts';
import { homeFolder } from '../system/home.ts';
import { distrust, isOwnPlace, modesHint } from '../system/safe-path.ts';

/**
 * Refuses what sshd's StrictModes would refuse, since no guest could come in, and what others can write, since they
 * could let themselves in.
 * @param resolved where the file is, or would be; its folder exists
 * @param path the name that it was given
 * @throws Refusal `authorized-keys-refused`
 */
export function checkTrust(resolved: string, path: string): void {
  for (const folder of foldersOf(resolved)) {
    checkOwnerAndMode(path, folder, statSync(folder), `is in ${folder}, which `);
  }
  const stats = statSync(resolved, { throwIfNoEntry: false });
  if (!stats) return;
  if (!stats.isFile()) refuse(trouble(path, 'is not a regular file'));
  checkOwnerAndMode(path, resolved, stats);
  const me = process.geteuid?.() ?? 0;
  if (me === 0) return;
  if (stats.uid === 0) refuse(trouble(path, 'belongs to root, so its owner could not be kept', elsewhere));
  const mine = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  if (!mine.includes(stats.gid)) {
    const problem = `belongs to group ${stats.gid}, which is none of yours, so it could not be kept`;
    const hint = isOwnPlace(resolved, stats) ? `chgrp ${mine[0]} ${shWord(resolved)}` : elsewhere;
    refuse(trouble(path, problem, hint));
  }
}

/** What helps with a file that we can't change. */
export const elsewhere = 'pass --door private, which needs no file of yours, or another --authorized-keys';

function checkOwnerAndMode(path: string, at: string, stats: Stats, which = ''): void {
  const found = distrust(at, stats, 'any');
  if (found?.why === 'owner')
    refuse(trouble(path, `${which}belongs to user ${found.uid}, not to you`, elsewhere));
  if (found) refuse(trouble(path, `${which}can be written by ${found.who}`, modesHint(found) ?? elsewhere));
}

/** The file's folder and, if it is in the home folder, those above it up to the home, as sshd checks them. */
function foldersOf(resolved: string): string[] {
  const folders = [dirname(resolved)];
  const home = realpathOr(homeFolder());
  if (!`${folders[0]}/`.startsWith(`${home}/`)) return folders;
  for (let folder = dirname(resolved); folder !== home; folders.push(folder)) folder = dirname(folder);
  return folders;
}

function realpathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What is the matter with the file, as a failure. */
export function trouble(path: string, problem: string, hint?: string): Failure {
  return { kind: 'authorized-keys-refused', path, problem, ...(hint === undefined ? {} : { hint }) };
}
