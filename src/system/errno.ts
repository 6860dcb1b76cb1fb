/**
 * What a system error with a file means, in words for somebody who can fix it; for other errors, the call and the code.
 */
export function describeErrno(error: unknown): string {
  const { code = String(error), syscall } = error as NodeJS.ErrnoException;
  return fileErrors[code] ?? `${syscall ?? 'a system call'} failed with ${code}`;
}

const fileErrors: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your disk quota is used up',
  EROFS: 'the file system is mounted read-only',
  EACCES: 'permission denied',
};
