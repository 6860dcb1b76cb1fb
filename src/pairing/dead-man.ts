import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../domain/failure.ts';

export interface DeadMan {
  /** Whether there is a switch that stays alive. */
  isArmed(): boolean;
  /** Past deaths no longer count. */
  forgive(): void;
  /** The clean end: the switch exits without doing anything. Resolves when it has gone. */
  dismiss(): Promise<void>;
}

/** How long, in ms, a switch may take to go. */
const timeoutMs = 1000;

/** A switch that has died this often within this many ms counts as missing. */
const often = { times: 3, within: 60_000 };

/**
 * Arms the dead man's switch: a detached `sh` on a pipe that only this process holds (Node opens it close-on-exec).
 * When this process ends, for whatever reason, the pipe reaches its end of file. The switch has a session of its own,
 * and survives the closing of the terminal and a kill of our process group. If it dies first, another is armed.
 * @param script the lease's `switch`
 * @throws Refusal `program-failed` if no `sh` can be started
 */
export async function armDeadMan(script: string, onRestart: () => void): Promise<DeadMan> {
  let dismissed = false;
  let child = await start(script);
  let deaths: readonly number[] = [];
  const recentDeaths = (): readonly number[] => deaths.filter((at) => Date.now() - at < often.within);
  const watch = (watched: ChildProcess, armedAt: number): void => {
    const restart = async (): Promise<void> => {
      deaths = [...recentDeaths(), Date.now()];
      // Pauses if the switch can't live, for example because its script is gone.
      if (!dismissed && Date.now() - armedAt < 1000) await sleep(1000);
      while (!dismissed) {
        const next = await start(script).catch(() => sleep(1000));
        if (!next) continue;
        child = next;
        watch(child, Date.now());
        if (dismissed) child.stdin?.end('done\n');
        else if (deaths.length < often.times) onRestart(); // Else it is reported once, as trouble.
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
      if (late === 'late') child.kill('SIGKILL'); // Somebody else has stopped it, and it has nothing left to do.
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
  child.stdin?.on('error', () => {}); // It died; `exit` reports that.
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
