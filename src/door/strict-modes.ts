/** Who else could write a key file, or put another in its place, as far as sshd minds. */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Obstacle } from '../domain/obstacle.ts';
import type { Account } from './sshd-settings.ts';

/**
 * What sshd's StrictModes would refuse about a key file: from the file up to the home, or to `/`, as sshd checks. A
 * file or folder that does not exist yet is made as sshd wants it.
 */
export function modeObstacles(keyFile: string, { uid, home }: Account): Obstacle[] {
  const found: Obstacle[] = [];
  const top = resolved(home);
  for (let path = resolved(keyFile); ; path = dirname(path)) {
    const stats = look(path);
    if (stats && stats.uid !== 0 && stats.uid !== uid) found.push({ kind: 'owner', path, uid: stats.uid });
    else if (stats && (stats.mode & 0o022) !== 0)
      found.push({ kind: 'modes', path, mode: stats.mode & 0o7777, uid: stats.uid });
    if (path === top || path === '/') return found;
  }
}

/** `undefined` also for what is in a folder that we may not enter: sshd, which may, looks for itself. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === '/'
      ? path
      : `${resolved(dirname(path)).replace(/\/$/, '')}/${path.slice(path.lastIndexOf('/') + 1)}`;
  }
}
