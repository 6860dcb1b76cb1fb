import { createInterface } from 'node:readline/promises';
import { output } from './terminal.ts';

/**
 * Asks whoever sits at the terminal a yes-or-no question. Anything but `y` or `yes` is no, as is the end of input.
 * Ctrl-C is the same signal as elsewhere.
 * @param stop takes the question back
 */
export async function askYes(question: string, stop: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: output('stderr') });
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await Promise.race([
      lines.question(`tmuxpair: ${question} [y/N] `, { signal: stop }),
      closed,
    ]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
