import type { ChildProcess } from 'node:child_process';
import { signalGroup } from '../system/signal.ts';

/** Ends a child that leads a process group, and all of that group. */
export function endGroup(child: ChildProcess): void {
  signalGroup(child.pid ?? 0, 'SIGKILL');
}
