import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Room } from './room.ts';
import { withoutTmux } from './tmux.ts';

export interface Observer {
  /** Resolves when the session, or its server, has ended. */
  readonly ended: Promise<void>;
  stop(): void;
}

/**
 * Watches a room through a control client of tmux's, which gets no output and can change nothing, and is told at once
 * of clients that come and go. It ends with this process: its standard input does.
 */
export function observeRoom(room: Room, onClients: () => void): Observer {
  const flags = 'no-output,read-only,ignore-size';
  const child = spawn(
    room.tmux,
    ['-N', '-S', room.socket, '-C', 'attach-session', '-E', '-f', flags, '-t', room.target],
    { stdio: ['pipe', 'pipe', 'ignore'], env: withoutTmux(process.env) },
  );
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/^%(client|session|sessions)-/.test(line)) onClients();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return { ended, stop: () => void child.kill('SIGTERM') };
}
