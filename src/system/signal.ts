/** Sends a signal to a process, if it has not just ended. Never to all processes, or to a group. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  if (pid > 1) send(pid, signal);
}

/** The same to a process group. @param leader the pid that the group is named by */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  if (leader > 1) send(-leader, signal);
}

function send(to: number, signal: NodeJS.Signals): void {
  try {
    process.kill(to, signal);
  } catch {
    // It has just ended.
  }
}
