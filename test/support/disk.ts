import { existsSync, readFileSync } from 'node:fs';
import { chown, rm } from 'node:fs/promises';
import type { Account } from './account.ts';
import { demand, execute } from './execute.ts';
import { isRoot } from './run.ts';

const here = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } };

/** A file system of its own over a folder, with room for a few pages. */
export interface SmallDisk extends AsyncDisposable {
  /** Uses up every byte of it. */
  readonly fill: () => Promise<void>;
  /** Gives the bytes back. */
  readonly free: () => Promise<void>;
  /** Mounts it read-only from now on, or for writing again. */
  readonly readOnly: (yes: boolean) => Promise<void>;
}

/** Whether file systems can be mounted here. */
export async function canMount(): Promise<boolean> {
  if (!isRoot()) return false;
  const { exitCode } = await execute(here, 'unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return exitCode === 0;
}

/**
 * Mounts a tmpfs of 128 KiB over a folder of the account's, which is hidden until it is disposed of.
 * @param folder exists, mode 0700
 */
export async function smallDisk({ uid, gid }: Account, folder: string): Promise<SmallDisk> {
  const options = `size=128k,nr_inodes=64,uid=${uid},gid=${gid},mode=0700`;
  await demand(here, 'mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  const ballast = `${folder}/ballast`;
  return {
    fill: async () => {
      // Ends when nothing more goes in.
      await execute(here, 'dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4096']);
      await chown(ballast, uid, gid);
    },
    free: () => rm(ballast, { force: true }),
    readOnly: async (yes) => {
      await demand(here, 'mount', ['-o', `remount,${yes ? 'ro' : 'rw'}`, folder]);
    },
    [Symbol.asyncDispose]: () => unmountBelow(folder),
  };
}

/** Makes a file one that nobody can change, replace or remove, until it is disposed of. */
export async function immutable(path: string): Promise<AsyncDisposable> {
  const { exitCode } = await execute(here, 'chattr', ['+i', path]);
  if (exitCode !== 0) {
    await demand(here, 'mount', ['--bind', path, path]);
    await demand(here, 'mount', ['-o', 'remount,bind,ro', path]);
  }
  const undo = async () => {
    if (!existsSync(path)) return;
    await execute(here, 'chattr', ['-i', path]);
    await unmountBelow(path);
  };
  return { [Symbol.asyncDispose]: undo };
}

/** Unmounts everything that is mounted at `folder` or below, the latest first. */
export async function unmountBelow(folder: string): Promise<void> {
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point === folder || point.startsWith(`${folder}/`));
  for (const point of points.reverse()) await demand(here, 'umount', ['-l', point]);
}
