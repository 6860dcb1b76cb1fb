import { type FSWatcher, watch } from 'node:fs';

/** Calls when names come and go in a folder; never without inotify, as on some file systems: who asks looks now and then, too. */
export function watchFolder(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onChange).on('error', () => {}); // The folder is gone, with what was in it.
  } catch {
    return undefined; // No inotify, or none left.
  }
}
