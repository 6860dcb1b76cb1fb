/**
 * A lock with an owner: a symbolic link that points at nothing, whose target text names the owner. symlink(2) is
 * atomic, fails if the name is taken, and leaves nothing half written. A lock whose owner is dead is broken.
 *
 * Two waiters could otherwise both win:
 *
 *     A reads the lock: its owner X is dead        B reads the lock: its owner X is dead
 *     A removes it, takes it
 *                                                  B removes it: A's!
 *
 * So the right to break X's lock is itself a lock, named after X's nonce. Its holder looks again, and removes the lock
 * only if it is still X's. Nobody else may.
 */
import { lstatSync, readdirSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../domain/failure.ts';
import { randomBytes } from '../domain/random.ts';
import { isAlive, machineName, type ProcessIdentity, thisProcess } from './process.ts';

interface Owner extends ProcessIdentity {
  readonly nonce: string;
  readonly machine: string;
}

/** How long to wait for another's lock, in ms. What it protects takes milliseconds. */
const timeoutMs = 10_000;
/** After how many ms the lock of a process on another machine, which can't be checked, counts as left behind. */
const foreignAge = 60_000;

/**
 * Runs `work` while holding the lock `path`, whose folder exists. `work` is synchronous, so no signal handler of ours
 * can leave it half done.
 * @param options.longest how long to wait for the lock, in ms
 * @param options.stop ends the wait, and nothing else
 * @throws Refusal `authorized-keys-locked` (naming `guarded`) if another process holds it for longer; the reason of
 * `stop`
 */
export async function withLock<T>(
  path: string,
  guarded: string,
  work: () => T,
  { longest = timeoutMs, stop }: { longest?: number; stop?: AbortSignal | undefined } = {},
): Promise<T> {
  const owner: Owner = { ...thisProcess(), nonce: randomBytes(8).toString('hex'), machine: machineName() };
  const since = performance.now(); // Monotonic: setting the clock meanwhile changes nothing.
  while (!take(path, owner)) {
    stop?.throwIfAborted();
    const holder = ownerOf(path);
    if (holder && isStale(path, holder)) {
      await withLock(`${path}.${holder.nonce}`, guarded, () => {
        if (ownerOf(path)?.nonce === holder.nonce) unlinkSync(path);
      });
      continue;
    }
    if (performance.now() - since > longest) {
      const name = holder ? `process ${holder.pid}` : 'another program';
      refuse({ kind: 'authorized-keys-locked', path: guarded, lock: path, owner: name });
    }
    await sleep(5 + Math.random() * 15);
  }
  try {
    removeLeftBreakers(path);
    return work();
  } finally {
    if (ownerOf(path)?.nonce === owner.nonce) unlinkSync(path);
  }
}

function take(path: string, owner: Owner): boolean {
  try {
    symlinkSync([owner.pid, owner.start, owner.boot, owner.nonce, owner.machine].join('|'), path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function ownerOf(path: string): Owner | undefined {
  try {
    const [pid = '', start = '', boot = '', nonce = '', ...machine] = readlinkSync(path).split('|');
    return { pid: Number(pid), start, boot, nonce, machine: machine.join('|') };
  } catch {
    return undefined;
  }
}

/** Whether a process that may be alive holds the lock `path`. */
export function isHeld(path: string): boolean {
  const holder = ownerOf(path);
  return holder !== undefined && !isStale(path, holder);
}

function isStale(path: string, owner: Owner): boolean {
  if (owner.machine === machineName()) return !isAlive(owner);
  const since = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - since > foreignAge;
}

/** Safe while the lock is held: a process that breaks a lock looks again, and will find ours. */
function removeLeftBreakers(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const breaker = join(dirname(path), name);
    const owner = ownerOf(breaker);
    if (owner && isStale(breaker, owner)) unlinkSync(breaker);
  }
}
