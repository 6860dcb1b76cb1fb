/** What a system's error with a file means, in words for who can do something about it; of others the call and the code. */
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
