import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Puts a file of mode 0600 in the place of the one there: readers see the old one or the new, never half of it. Its folder
 * must be ours alone. After a crash of the machine there may be neither.
 * @throws the system's error; nothing is left beside it then
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  // One of another process, that died meanwhile and had our number, may be left.
  const aside = `${path}.${process.pid}.new`;
  rmSync(aside, { force: true });
  try {
    writeFileSync(aside, content, { mode: 0o600, flag: 'wx' });
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
