/** Runs short-lived programs while a pairing starts or ends. Elsewhere execa runs them, which takes longer to load. */
import { spawn } from 'node:child_process';

export interface Captured {
  /** `null` if it was killed, or could not be started. */
  readonly code: number | null;
  /** Without their last newline. If the program could not be started, or was late, `stderr` says so. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaptureOptions {
  /** What it reads; nothing if absent. */
  readonly input?: string;
  readonly cwd?: string;
  /** Its whole environment; this process's own if absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds until it is killed. What it has left running with its outputs is not waited for then. */
  readonly timeoutMs?: number;
  /** What it prints once all is done, and at no other time. Its end is then not waited for, and `code` is 0. */
  readonly readyMarker?: string;
}

/** Runs a program until it and everything else that holds its outputs has ended. Does not reject. */
export function capture(
  file: string,
  args: readonly string[],
  { input, cwd, env, timeoutMs, readyMarker }: CaptureOptions = {},
): Promise<Captured> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (code: number | null, stdout: string, stderr: string): void => {
      clearTimeout(timer);
      resolve({ code, stdout: stdout.replace(/\n$/, ''), stderr: stderr.replace(/\n$/, '') });
    };
    try {
      const child = spawn(file, args, {
        cwd,
        env,
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      const said = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name]?.setEncoding('utf8').on('data', (text) => {
          said[name] += text;
          if (name === 'stdout' && readyMarker !== undefined && said.stdout.endsWith(readyMarker))
            end(0, said.stdout, said.stderr);
        });
      }
      child.once('error', ({ message }) => end(null, '', message));
      child.once('close', (code) => end(code, said.stdout, said.stderr));
      child.stdin?.on('error', () => {}); // It has ended without reading everything: `close` reports how.
      child.stdin?.end(input);
      if (timeoutMs === undefined) return;
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        child.stdout?.destroy();
        child.stderr?.destroy();
        end(null, '', `${file} does not answer`);
      }, timeoutMs);
    } catch (error) {
      end(null, '', String(error)); // Such text can't be passed to a program.
    }
  });
}
