import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Puts a file of mode 0600 in place of the present one: readers see the old one or the new, never half of it. Its
 * folder must be ours alone. After a crash of the machine there may be neither.
 * @throws the system's error; nothing is left beside it then
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  // A process that had our number and died may have left one.
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
