import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import type { Environment } from '../support/execute.ts';
import type { Stage } from '../support/fixture.ts';
import { until } from '../support/wait.ts';
import { type Build, startingNode } from './programs.ts';
import { settling, socketOf } from './settled.ts';

export interface Inviting {
  /**
   * An unattended pairing: ms until it is live. It is ended, and its room closed, before this is. By the sshd of the stage,
   * unless `door` says otherwise.
   */
  readonly byProgram: (build: Build, guest: string, door?: readonly string[]) => Promise<number>;
  /** The least that lets somebody in: a session, and then a line, as the program has them follow each other. */
  readonly byShell: () => Promise<number>;
}

const shell = 'tmux -S "$1" new-session -d -s pair && printf "%s\\n" "$2" >>"$3"';

/** Ways to let `publicKey` in. Whatever starts them is the host, with the same environment for all. */
export function inviting(stage: Stage, publicKey: string, more: Environment): Inviting {
  const env = { ...more, ...startingNode };
  const { account, keysPath, keysFile } = stage;
  const before = keysFile() ?? Buffer.alloc(0);
  const settled = settling(stage);

  /**
   * The session is there before the line in both, and is asked once the line is seen: who asks at that instant gets
   * an answer, so the time that the asking takes is not counted.
   */
  const untilLive = async (from: number, child: ChildProcess, socket: string): Promise<number> => {
    let seen = 0;
    const look = (): boolean => {
      const now = performance.now();
      if (keysFile()?.includes(publicKey)) seen = now;
      return seen > 0 || (child.exitCode ?? 0) !== 0 || child.signalCode !== null;
    };
    await until(look, { what: 'the line', timeout: 20_000, interval: 1 });
    if (seen === 0) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}, and no line`);
    await account.demand('tmux', ['-N', '-S', socket, 'has-session']);
    return seen - from;
  };
  const close = async (socket: string): Promise<void> => {
    await account.demand('tmux', ['-N', '-S', socket, 'kill-server']);
    await settled();
    expect(keysFile()).toEqual(before);
  };

  return {
    byProgram: async ({ file, args }, guest, door = ['--port', String(stage.sshd.port)]) => {
      const socket = socketOf(stage);
      const words = [...args, '--unattended', ...door, guest];
      const from = performance.now();
      const child = account.spawn(file, words, { env });
      const ended = once(child, 'exit');
      const took = await untilLive(from, child, socket);
      child.kill('SIGTERM');
      expect(await ended).toEqual([143, null]);
      await close(socket);
      return took;
    },
    byShell: async () => {
      const socket = `${account.scratch}/bare`;
      const line = `restrict,pty,command="tmux -S ${socket} attach" ${publicKey}`;
      const from = performance.now();
      const child = account.spawn('sh', ['-c', shell, 'sh', socket, line, keysPath], { env });
      const took = await untilLive(from, child, socket);
      await stage.writeKeys(before);
      await close(socket);
      return took;
    },
  };
}
