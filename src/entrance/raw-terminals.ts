/** Terminals that a program has to itself. A shell that runs a file leaves its terminal as it was. */
import { capture } from '../spawn/capture.ts';

/** Those in which keys are read one by one, as by a prompt, an editor or tmux. */
export async function rawTerminals(terminals: readonly string[]): Promise<string[]> {
  const looks = terminals.map(async (terminal) => {
    if (!/^\/dev\/[A-Za-z0-9/]+$/.test(terminal)) return [];
    const { stdout } = await capture('/bin/sh', ['-c', 'exec stty -a <"$0"', terminal], { timeoutMs: 1000 });
    return /(^|\s)-icanon\b/.test(stdout) ? [terminal] : [];
  });
  return (await Promise.all(looks)).flat();
}
