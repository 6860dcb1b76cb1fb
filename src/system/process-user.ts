import { readFileSync } from 'node:fs';

/**
 * The user of a process, from proc(5)'s status. `undefined` unless all of its user ids are the same, which those of a
 * set-uid program that somebody else has started are not; also if it has ended.
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
