import { readdirSync } from 'node:fs';

/** The names in a folder, unordered; none if it can't be listed. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
