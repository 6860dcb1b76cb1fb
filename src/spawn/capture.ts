/** Short-lived programs on the way to a live pairing, and out of it. Elsewhere execa runs them, which takes longer to load. */
import { spawn } from 'node:child_process';

export interface Captured {
  /** `null` where it was killed, or could not be started. */
  readonly code: number | null;
  /** Without their last newline. Where the program could not be started, or was late, `stderr` says so. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaptureOptions {
  /** What it reads; nothing where absent. */
  readonly input?: string;
  readonly cwd?: string;
  /** Its whole environment; this process's own where absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds until it is killed, and what it has left running with its outputs is not waited for. */
  readonly timeoutMs?: number;
  /** What it prints once all is done, and nowhere else: its end, with 0, is not waited for then. */
  readonly readyMarker?: string;
}

/** Runs a program to its end, and that of everybody who holds its outputs. Does not reject. */
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
      child.stdin?.on('error', () => {}); // It has ended without reading all: `close` tells how.
      child.stdin?.end(input);
      if (timeoutMs === undefined) return;
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        child.stdout?.destroy();
        child.stderr?.destroy();
        end(null, '', `${file} does not answer`);
      }, timeoutMs);
    } catch (error) {
      end(null, '', String(error)); // No such text can be handed to a program.
    }
  });
}
