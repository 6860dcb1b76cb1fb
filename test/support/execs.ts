import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { until } from './wait.ts';

/** An account of every program that processes below some have become, from now until it is disposed of. */
export interface Execs extends AsyncDisposable {
  /** The command lines, words with blanks between, of processes that have run such a one, and of all below them. */
  readonly commands: (of: RegExp) => string[];
}

/** Follows processes, and all that they start from now on. As root. @param log where to write: a path, to which each process adds its number */
export async function followExecs(pids: readonly number[], log: string): Promise<Execs> {
  const targets = pids.flatMap((pid) => ['-p', String(pid)]);
  const args = ['-ff', '-s', '4000', '-e', 'trace=execve,clone,clone3,fork,vfork', '-o', log, ...targets];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  strace.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const ended = once(strace, 'exit');
  await until(() => pids.every((pid) => said.includes(`Process ${pid} attached`)), {
    what: 'strace to attach',
  });
  return {
    commands: (of) => {
      const folder = dirname(log);
      const lines = readdirSync(folder).flatMap((name) => {
        const [, pid] = name.startsWith(`${basename(log)}.`) ? (/\.(\d+)$/.exec(name) ?? []) : [];
        const text = pid === undefined ? '' : readFileSync(join(folder, name), 'utf8');
        return text.split('\n').map((line) => ({ pid, line }));
      });
      const ran = lines.flatMap(({ pid, line }) => {
        const [, words] = /^execve\("[^"]*", (\[.*\]), 0x\w+ .*= 0$/.exec(line) ?? [];
        return words === undefined ? [] : [{ pid, command: wordsIn(words).join(' ') }];
      });
      const parents = new Map(
        lines.flatMap(({ pid, line }) => {
          const [, child] = /^(?:clone3?|v?fork)\(.*= (\d+)$/.exec(line) ?? [];
          return child === undefined ? [] : [[child, pid]];
        }),
      );
      const roots = new Set(ran.flatMap(({ pid, command }) => (of.test(command) ? [pid] : [])));
      const isBelow = (pid: string | undefined): boolean =>
        pid !== undefined && (roots.has(pid) || isBelow(parents.get(pid)));
      return ran.flatMap(({ pid, command }) => (isBelow(pid) ? [command] : []));
    },
    [Symbol.asyncDispose]: async () => {
      strace.kill('SIGTERM');
      // It may wait for good for a thread that has ended with its process.
      const late = setTimeout(() => strace.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Words as strace prints them: as JSON has them, but for control characters. */
function wordsIn(text: string): string[] {
  const json = text.replaceAll(/\\(\\|[0-7]{1,3}|v)/g, (whole, code: string) => {
    if (code === '\\') return whole;
    const number = code === 'v' ? 11 : Number.parseInt(code, 8);
    return `\\u${number.toString(16).padStart(4, '0')}`;
  });
  return JSON.parse(json);
}
