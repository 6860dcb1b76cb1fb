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
 * What tmux has written for a control client that nobody reads any more keeps that client from ending (tmux 3.3,
 * `control_all_done`): when this process has gone, somebody else has to read on until the client has gone, too.
 */
const readOn = '"$@" | { cat; exec cat >/dev/null; }';

/**
 * Watches a room through a control client of tmux's, which gets no output and can change nothing, and is told at once
 * of clients that come and go. It ends with this process: its standard input does.
 */
export function observeRoom(room: Room, onClients: () => void): Observer {
  const flags = 'no-output,read-only,ignore-size';
  const attach = ['-C', 'attach-session', '-E', '-f', flags, '-t', room.target];
  const client = [room.tmux, '-N', '-S', room.socket, ...attach];
  const child = spawn('/bin/sh', ['-c', readOn, 'sh', ...client], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: withoutTmux(process.env),
  });
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/^%(client|session|sessions)-/.test(line)) onClients();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return { ended, stop: () => endGroup(child.pid) };
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
