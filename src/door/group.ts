import type { ChildProcess } from 'node:child_process';

/** Ends a child that leads a process group, and all of that group. */
export function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
