import { type FSWatcher, watch } from 'node:fs';

/**
 * Calls `onChange` when names come and go in a folder. It never does without inotify, as on some file systems, so
 * callers also look now and then.
 */
export function watchFolder(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onChange).on('error', () => {}); // The folder is gone, with what was in it.
  } catch {
    return undefined; // No inotify, or none left.
  }
}
