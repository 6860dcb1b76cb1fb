import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../domain/failure.ts';

export interface DeadMan {
  /** Whether there is one that stays alive. */
  isArmed(): boolean;
  /** What has died until now counts no more. */
  forgive(): void;
  /** The clean end: the switch goes without doing anything. Resolves when it has gone. */
  dismiss(): Promise<void>;
}

/** How long, in ms, a switch may take to go. */
const timeoutMs = 1000;

/** A switch that has died so often within so many ms is none. */
const often = { times: 3, within: 60_000 };

/**
 * Arms the dead man's switch: a detached `sh` on a pipe that only this process holds (Node opens it close-on-exec),
 * so that the end of this process, whatever ends it, is the pipe's end of file. It has a session of its own, and
 * lives through the terminal's closing and a kill of our process group. Should it die first, another is armed.
 * @param script the lease's `switch`
 * @throws Refusal `program-failed` where no `sh` can be started
 */
export async function armDeadMan(script: string, onRestart: () => void): Promise<DeadMan> {
  let dismissed = false;
  let child = await start(script);
  let deaths: readonly number[] = [];
  const recentDeaths = (): readonly number[] => deaths.filter((at) => Date.now() - at < often.within);
  const watch = (watched: ChildProcess, armedAt: number): void => {
    const restart = async (): Promise<void> => {
      deaths = [...recentDeaths(), Date.now()];
      // One that can't live, as where its script was taken away, is not tried without a pause.
      if (!dismissed && Date.now() - armedAt < 1000) await sleep(1000);
      while (!dismissed) {
        const next = await start(script).catch(() => sleep(1000));
        if (!next) continue;
        child = next;
        watch(child, Date.now());
        if (dismissed) child.stdin?.end('done\n');
        else if (deaths.length < often.times) onRestart(); // Else it is told once, as trouble.
        return;
      }
    };
    watched.once('exit', () => void restart());
  };
  watch(child, Date.now());
  return {
    isArmed: () => recentDeaths().length < often.times,
    forgive: () => {
      deaths = [];
    },
    dismiss: async () => {
      dismissed = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin?.end('done\n');
      const late = await Promise.race([gone, sleep(timeoutMs, 'late', { ref: false })]);
      if (late === 'late') child.kill('SIGKILL'); // Stopped, by somebody else: there is nothing left for it to do.
    },
  };
}

async function start(script: string): Promise<ChildProcess> {
  const { HOME, PATH, XDG_STATE_HOME } = process.env;
  const child = spawn('/bin/sh', [script], {
    detached: true,
    cwd: '/',
    env: {
      ...(HOME ? { HOME } : {}),
      ...(PATH ? { PATH } : {}),
      ...(XDG_STATE_HOME ? { XDG_STATE_HOME } : {}),
    },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin?.on('error', () => {}); // It died; `exit` tells.
  try {
    await once(child, 'spawn');
  } catch (error) {
    refuse({
      kind: 'program-failed',
      program: '/bin/sh',
      doing: "arming the dead man's switch",
      detail: String(error),
    });
  }
  return child;
}
