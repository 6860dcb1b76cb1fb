import type { ChildProcess } from 'node:child_process';
import type { Account } from './account.ts';

/** Runs commands in a tmux server through one client in control mode: a process for each would cost far more. */
export interface ControlClient {
  /** The output of a command, or of several with `;` between them. @throws Error where one fails, or the server is gone */
  readonly run: (...words: string[]) => Promise<string>;
  readonly end: () => void;
}

interface Asked {
  readonly command: string;
  readonly last: string;
  said: string;
  failed: boolean;
  readonly done: (error: Error | undefined, said: string) => void;
}

/** Attaches to a server once something is asked, and again where it was ended. Sizes of windows don't follow it. */
export function controlClient(account: Account, socket: string): ControlClient {
  let child: ChildProcess | undefined;
  let asked: Asked[] = [];
  let count = 0;

  const attach = (): ChildProcess => {
    const args = ['-S', socket, '-u', '-C', 'attach-session', '-f', 'ignore-size,no-output'];
    const client = account.spawn('tmux', args, { stdio: ['pipe', 'pipe', 'ignore'] });
    let rest = '';
    /** What closes the block that is being read. */
    let close: RegExp | undefined;
    let block: string[] = [];
    client.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [, number] = /^%begin (\d+ \d+) \d+$/.exec(line) ?? [];
        if (close === undefined) {
          if (number === undefined) continue;
          close = new RegExp(`^%(end|error) ${number} \\d+$`);
          block = [];
        } else if (!close.test(line)) block.push(line);
        else {
          close = undefined;
          take(block, line.startsWith('%error'));
        }
      }
    });
    const gone = (): void => {
      if (child !== client) return;
      child = undefined;
      const left = asked;
      asked = [];
      for (const { command, done } of left) done(new Error(`${command}: tmux is gone`), '');
    };
    client.on('error', gone).on('close', gone);
    client.stdin?.on('error', () => {}); // It has ended: `close` tells.
    return client;
  };
  const take = (block: readonly string[], failed: boolean): void => {
    const [first] = asked;
    if (!first) return;
    if (block.length === 1 && block[0] === first.last) {
      asked.shift();
      const { command, said } = first;
      first.done(first.failed ? new Error(`${command}: ${said}`) : undefined, said);
      return;
    }
    first.failed ||= failed;
    first.said += block.map((line) => `${line}\n`).join('');
  };
  return {
    run: (...words) =>
      new Promise((resolve, reject) => {
        const command = words.map((word) => (word === ';' ? word : quoted(word))).join(' ');
        const last = `tmuxpair-test-${++count}`;
        const done = (error: Error | undefined, said: string): void =>
          error ? reject(error) : resolve(said);
        child ??= attach();
        asked.push({ command, last, said: '', failed: false, done });
        child.stdin?.write(`${command}\ndisplay-message -p ${last}\n`);
      }),
    end: () => void child?.stdin?.end(),
  };
}

/** A word of tmux's own language, which knows no escapes between these quotes. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}
