import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/failure.ts';
import type { Room } from './claim.ts';
import { clientsOf } from './clients.ts';
import { run, withoutTmux } from './tmux.ts';

/** The host's own tmux client, which holds this terminal until it goes. */
export interface HostClient {
  readonly pid: number | undefined;
  /** Resolves once tmux has accepted the client; never if it does not. */
  readonly arrived: Promise<void>;
  /**
   * Resolves when the client has gone, for whatever reason. Rejects with Refusal `program-failed` if it never got in;
   * tmux has then said why on this terminal.
   */
  readonly gone: Promise<void>;
  /** Detaches the client, if it is still there, and leaves its terminal in order. Resolves when it has gone. */
  detach(): Promise<void>;
}

/** How long, in ms, a client may take to detach before it is ended. */
const timeoutMs = 1000;

export function attachHost(room: Room, env: NodeJS.ProcessEnv): HostClient {
  // Standard input may have been a file of a guest's keys. tmux refuses /dev/tty, but a terminal's output is the
  // terminal, too.
  const input = process.stdin.isTTY ? 'inherit' : openOutput();
  const child = spawn(room.tmux, ['-N', '-S', room.socket, 'attach-session', '-t', room.target], {
    stdio: [input, 'inherit', 'inherit'],
    env: withoutTmux(env),
  });
  let exited = false;
  let inside = false;
  const gone = new Promise<void>((resolve, reject) => {
    const refuse = (detail: string): void =>
      reject(
        new Refusal({ kind: 'program-failed', program: 'tmux', doing: 'attaching this terminal', detail }),
      );
    child.once('error', (error) => refuse(error.message));
    child.once('exit', (code) => {
      exited = true;
      if (code !== null && code > 0 && !inside) refuse('it has said why, above');
      else resolve();
    });
  });
  gone.catch(() => {}); // Its callers get the error.

  const arrive = async (): Promise<void> => {
    while (!exited && !inside) {
      const clients = await clientsOf(room);
      inside = clients.some(({ pid }) => pid === child.pid);
      if (!inside) await sleep(20);
    }
    if (!inside) await new Promise(() => {});
  };

  return {
    pid: child.pid,
    arrived: arrive(),
    gone,
    detach: async () => {
      if (exited) return;
      child.kill('SIGCONT'); // A suspended client is stopped.
      const client = (await clientsOf(room)).find(({ pid }) => pid === child.pid);
      if (client) await run(room, [['detach-client', '-t', client.name]]);
      const left = gone.catch(() => {}); // Callers of `gone` get the error.
      // A client asks its server before it goes, even on SIGTERM.
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        await Promise.race([left, sleep(timeoutMs, undefined, { ref: false })]);
        if (!exited) child.kill(signal);
      }
      await left;
    },
  };
}

/** Standard output, to be read from. The runtime of a standalone executable needs a descriptor of its own for that. */
function openOutput(): number {
  const { fd } = process.stdout;
  return process.versions.bun === undefined ? fd : openSync(`/dev/fd/${fd}`, 'r+');
}
