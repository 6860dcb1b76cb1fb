/**
 * The attributes of a file besides text, mode and owner: access control list, SELinux context, extended attributes.
 * Node has no calls for them; on Linux `cp` copies them from one file to another. Starting `cp` takes some
 * milliseconds, and most files have none. So files without any are found beside other work, and remembered.
 */
import { spawnSync } from 'node:child_process';
import { type BigIntStats, statSync } from 'node:fs';
import { capture } from '../spawn/capture.ts';

/** Files known to have none, identified as they were then: every change of an attribute changes the change time. */
const plain = new Set<string>();

/** In ms: a file system gives changes within one tick of its clock the same time. */
const tick = 100;

/**
 * Finds out whether the file has any. `cp` fails if it has an attribute to set on a file of the kernel, which takes
 * none; `ls` marks an access control list or a context. Does not reject.
 * @param path resolved
 */
export async function lookForAttributes(path: string): Promise<void> {
  const before = look(path);
  if (process.platform !== 'linux' || !before || Number(before.ctimeMs) > Date.now() - tick) return;
  const script = 'cp --attributes-only --preserve=xattr -- "$1" /proc/self/comm && exec ls -ldn -- "$1"';
  const { code, stdout } = await capture('/bin/sh', ['-c', script, 'sh', path], {
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    timeoutMs: 5000,
  });
  if (code === 0 && stdout[10] === ' ') plain.add(identityOf(before));
}

/** Whether {@link lookForAttributes} found none, and nothing has changed since. */
export function isPlain(stats: BigIntStats | undefined): boolean {
  return stats === undefined || plain.has(identityOf(stats));
}

/** Remembers that a file of ours was made without any. */
export function markPlain(path: string): void {
  const stats = look(path);
  if (stats) plain.add(identityOf(stats));
}

/**
 * Gives `to`, which has the mode and owner of `from`, all other attributes of `from`.
 * @returns what could not be carried; `undefined` also if this system's `cp` can't carry any
 */
export function carryAttributes(from: string, to: string): string | undefined {
  if (process.platform !== 'linux') return undefined; // On macOS the new file starts as a copy.
  const context = look('/sys/fs/selinux/enforce') ? ',context' : '';
  const args = ['--attributes-only', `--preserve=mode,ownership,xattr${context}`, '--', from, to];
  const { status, stderr, error } = spawnSync('cp', args, {
    cwd: '/',
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 5000,
  });
  const isMissing = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  const said = stderr ?? '';
  if (status === 0 || isMissing || /unrecognized option|without xattr support/.test(said)) return undefined;
  return said.trim().split('\n').at(-1) || 'cp does not answer';
}

function identityOf({ dev, ino, ctimeNs }: BigIntStats): string {
  return [dev, ino, ctimeNs].join(' ');
}

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
