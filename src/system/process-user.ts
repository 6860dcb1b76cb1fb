import { readFileSync } from 'node:fs';

/**
 * Whose a process is, from proc(5)'s status: `undefined` unless all of its user ids are the same, as those of a set-uid
 * program that somebody else has started are not; or if it has ended.
 */
export function userOf(pid: number): number | undefined {
  try {
    const [, ids = ''] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    const [first = '', ...others] = ids.split(/\s+/);
    return first !== '' && others.every((id) => id === first) ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}
