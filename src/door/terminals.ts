/**
 * Whether the sshd of an unprivileged user can make terminals. sshd gives each to the group `tty`, and ends the
 * connection if it may not. An unprivileged user may only if the kernel has already done it, by how `/dev/pts` is
 * mounted, or if the user is in that group.
 */
import { readFileSync } from 'node:fs';

/** `undefined` if it can, or if that can't be told; else what root has to run. */
export function terminalsMend(): string | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() === 0) return undefined;
  const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  return remountFor(read('/proc/self/mounts'), read('/etc/group'), groups);
}

/**
 * The pure half.
 * @param mounts as in proc(5); of several mounts on the same place the last one counts
 * @param groupFile as in group(5)
 * @param groups of the process
 */
export function remountFor(
  mounts: string,
  groupFile: string,
  groups: readonly (number | undefined)[],
): string | undefined {
  const tty = /^tty:[^:\n]*:(\d+):/m.exec(groupFile)?.[1];
  const devpts = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, place]) => place === '/dev/pts');
  if (tty === undefined || devpts?.[2] !== 'devpts' || groups.includes(Number(tty))) return undefined;
  const options = (devpts[3] ?? '').split(',');
  return options.includes(`gid=${tty}`) ? undefined : `mount -o remount,gid=${tty},mode=620 /dev/pts`;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
