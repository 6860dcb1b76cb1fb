/** The only place that prints. */
import { isatty } from 'node:tty';
import type { Event } from '../domain/events.ts';
import { type Failure, Refusal } from '../domain/failure.ts';
import { jsonLine, printable } from '../domain/text.ts';
import type { Line } from './line.ts';
import { describeEvent, jsonFor, linesFor } from './report.ts';
import { describeFailure } from './words.ts';

export interface Terminal {
  /** Data, to stdout. */
  data(text: string, kind?: 'answer'): void;
  event(event: Event): void;
  /** The options that make another invocation of this program print in the same manner. */
  mannersAsOptions(): string[];
  /** Prints what went wrong, and returns the exit code. */
  failure(failure: Failure): number;
  /** Prints what is a bug of ours, and returns the exit code. */
  bug(error: unknown): number;
}

export interface Manners {
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly json: boolean;
}

/** A fetch, or a trial login, that takes longer than this, in ms, gets a spinner. Most don't. */
const spinAfter = 150;

export function openTerminal({ quiet, debug, json }: Manners): Terminal {
  const spinner = quiet || !isatty(2) ? undefined : makeSpinner();

  // While the host is in tmux, the terminal is tmux's, so lines wait for the end.
  let held: Line[] | undefined;
  const print = ({ to, text }: Line): void => {
    if (to === 'err') output('stderr').write(`${text}\n`);
    else if (!quiet && !json) output('stdout').write(`${text}\n`);
  };
  const say = (line: Line): void => {
    if (held) held.push(line);
    else print(line);
  };
  const release = (): void => {
    const lines = held ?? [];
    held = undefined;
    lines.forEach(print);
  };

  const terminal: Terminal = {
    data: (text, kind) => {
      if (!(quiet && kind === 'answer' && !json)) output('stdout').write(`${text}\n`);
    },
    event: (event) => {
      if (debug)
        say({
          to: 'err',
          text: `tmuxpair: debug: ${new Date().toISOString()} ${event.kind}: ${describeEvent(event)}`,
        });
      if (event.kind === 'fetching' || event.kind === 'trying') spinner?.start(describeEvent(event));
      if (event.kind === 'fetched' || event.kind === 'tried') spinner?.stop();
      if (event.kind === 'ended') release();
      const value = json ? jsonFor(event) : undefined;
      if (value !== undefined) terminal.data(jsonLine(value));
      if (event.kind === 'invited' && event.invitation.copy && isatty(1))
        output('stdout').write(clipboard(event.invitation.command));
      linesFor(event).forEach(say);
      if (event.kind === 'invited' && event.invitation.hostMode === 'terminal') held = [];
    },
    mannersAsOptions: () => [
      ...(quiet ? ['--quiet'] : []),
      ...(debug ? ['--debug'] : []),
      ...(json ? ['--json'] : []),
    ],
    failure: (failure) => {
      spinner?.stop();
      release();
      const { error, hint, exit } = describeFailure(failure);
      output('stderr').write(`tmuxpair: error: ${error}\n`);
      if (hint !== undefined) output('stderr').write(`tmuxpair: hint: ${hint}\n`);
      return exit;
    },
    bug: (error) => {
      if (error instanceof Refusal) return terminal.failure(error.failure);
      spinner?.stop();
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      output('stderr').write(`tmuxpair: error: this is a bug: ${printable(message)}\n`);
      output('stderr').write(
        debug && stack ? `${stack}\n` : 'tmuxpair: hint: run it again with --debug and report what it says\n',
      );
      return 1;
    },
  };
  return terminal;
}

const outputs: { stdout?: NodeJS.WriteStream; stderr?: NodeJS.WriteStream } = {};

/** Made when something is first written: making it takes Node a millisecond. */
export function output(name: 'stdout' | 'stderr'): NodeJS.WriteStream {
  // The reader may have gone, for example with a closed terminal: the end must go on all the same.
  outputs[name] ??= process[name].on('error', () => {});
  return outputs[name];
}

/** OSC 52: has the terminal put text on the clipboard. */
function clipboard(text: string): string {
  return `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;
}

function makeSpinner(): { start(text: string): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let spinning: { stop(): void } | undefined;
  let wanted = false;
  const show = async (text: string): Promise<void> => {
    if (output('stderr').columns === 0) return; // No real terminal reports 0, with which ora would never end.
    const { spin } = await import('./spinner.ts');
    if (wanted) spinning = spin(text);
  };
  return {
    start: (text) => {
      wanted = true;
      timer = setTimeout(() => void show(text), spinAfter);
    },
    stop: () => {
      wanted = false;
      clearTimeout(timer);
      spinning?.stop();
      spinning = undefined;
    },
  };
}

/**
 * Resolves once stdout has taken everything, or nobody reads it any more. What a full pipe has not taken is lost at the
 * exit.
 */
export function printed(): Promise<void> {
  return new Promise((resolve) => output('stdout').write('', () => resolve()));
}
