import { realpathSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { type Failure, refuse } from '../domain/failure.ts';

/**
 * What sshd's StrictModes would refuse, a guest could never come in through; and what others may write, they
 * could use to come in themselves.
 * @param resolved where the file is, or would be; its folder exists
 * @param path how it was named
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
  if (stats.uid === 0) {
    refuse(trouble(path, 'belongs to root, so its owner could not be kept', `sudo chown ${me} ${resolved}`));
  }
  const mine = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  if (!mine.includes(stats.gid)) {
    const problem = `belongs to group ${stats.gid}, which is none of yours, so it could not be kept`;
    refuse(trouble(path, problem, `chgrp ${mine[0]} ${resolved}`));
  }
}

function checkOwnerAndMode(path: string, at: string, { uid, mode }: Stats, which = ''): void {
  if (uid !== process.geteuid?.() && uid !== 0) {
    refuse(trouble(path, `${which}belongs to user ${uid}, not to you`));
  }
  if ((mode & 0o022) === 0) return;
  const who = (mode & 0o002) !== 0 ? 'everybody' : 'its group';
  refuse(trouble(path, `${which}can be written by ${who}`, `chmod go-w ${at}`));
}

/** The file's folder and, where that is in the home folder, those above it up to the home, as sshd looks at them. */
function foldersOf(resolved: string): string[] {
  const folders = [dirname(resolved)];
  const home = realpathOr(homedir());
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
