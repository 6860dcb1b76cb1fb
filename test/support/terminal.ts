import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Account } from './account.ts';
import { controlClient } from './control-client.ts';
import type { Environment } from './execute.ts';
import { until } from './wait.ts';

export interface TerminalOptions {
  /** In cells; 100 x 30 where not given. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Added to the account's environment; TERM is `tmux-256color` where not given. */
  readonly env?: Environment | undefined;
  readonly cwd?: string | undefined;
}

/** A terminal window with one program in it. What was in it can be read until it is closed. */
export interface Terminal extends AsyncDisposable {
  /** Process id of the program in the window. */
  readonly pid: number;
  /** Presses keys by tmux's names: `Enter`, `C-b`, `F5`, `M-x`, `Up`. */
  readonly sendKeys: (...keys: string[]) => Promise<void>;
  /** Types text as it is; nothing in it is a key name. End it with `\r` to press Enter. */
  readonly type: (text: string) => Promise<void>;
  /** Sends bytes, such as an escape sequence that a terminal would send by itself. */
  readonly bytes: (bytes: Uint8Array) => Promise<void>;
  /** Pastes text between the marks of bracketed paste. */
  readonly paste: (text: string) => Promise<void>;
  /** Presses and releases a mouse button (0 left, 2 right, 64 wheel up), SGR encoding; cells count from 1. */
  readonly click: (column: number, row: number, button?: number) => Promise<void>;
  /** What is visible, one line a row, without trailing blanks. */
  readonly screen: () => Promise<string>;
  /** Everything printed since the start, with lines that the width broke joined again. */
  readonly transcript: () => Promise<string>;
  /** Waits until the visible text, broken lines joined, holds `what`; gives that text. */
  readonly waitFor: (what: string | RegExp, options?: { readonly timeout?: number }) => Promise<string>;
  /** Waits until `what` is no longer visible. */
  readonly waitForNo: (what: string | RegExp, options?: { readonly timeout?: number }) => Promise<string>;
  /** From now on, everything that is written to the terminal, raw. */
  readonly record: () => Promise<() => string>;
  readonly resize: (columns: number, rows: number) => Promise<void>;
  readonly size: () => Promise<{ readonly columns: number; readonly rows: number }>;
  /** Whether the program still runs; false also once the terminal is closed. */
  readonly isRunning: () => Promise<boolean>;
  /** Waits for the program's end; gives its exit code, or 128 and the signal's number as shells do. */
  readonly exitStatus: (options?: { readonly timeout?: number }) => Promise<number>;
  /** Sends a signal to the program in the window, and to it alone. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Closes the window as a user does: the kernel hangs the program's terminal up (SIGHUP). */
  readonly closeTerminal: () => Promise<void>;
  /** Ends everything of the terminal. */
  readonly close: () => Promise<void>;
}

/**
 * Opens a terminal for an account and starts a program in it. The terminal is a tmux of its own that the
 * program can't see: no TMUX in its environment, and no configuration or socket that it would find.
 * @param command the program and its arguments; no shell in between
 */
export async function openTerminal(
  account: Account,
  command: readonly string[],
  options: TerminalOptions = {},
): Promise<Terminal> {
  const { columns = 100, rows = 30, env = {}, cwd = account.home } = options;
  const folder = (await account.demand('mktemp', ['-d', `${account.scratch}/tXXXXXX`])).trim();
  const socket = `${folder}/tty`;

  const unset = ['TMUX', 'TMUX_PANE', 'TERM_PROGRAM', 'TERM_PROGRAM_VERSION'].flatMap((name) => ['-u', name]);
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const settings = [
    ...['set', '-g', 'remain-on-exit', 'on', ';', 'set', '-g', 'status', 'off', ';'],
    ...['set', '-g', 'history-limit', '20000', ';', 'set', '-g', 'escape-time', '0', ';'],
    ...['set', '-g', 'default-terminal', 'tmux-256color', ';', 'set', '-g', 'update-environment', '', ';'],
  ];
  const size = ['-x', String(columns), '-y', String(rows)];
  const pid = await account.demand('tmux', [
    ...['-S', socket, '-f', '/dev/null', 'start-server', ';', ...settings],
    ...['new-session', '-d', '-P', '-F', '#{pane_pid}', '-c', cwd, ...size],
    ...['--', 'env', ...unset, '--', ...set, ...command].map(argument),
  ]);
  const { run: tmux, end } = controlClient(account, socket);
  const status = async (): Promise<string> => {
    const format = '#{pid} #{pane_dead}:#{pane_dead_status}:#{pane_dead_signal}';
    const [server = '', state = ''] = (await tmux('list-panes', '-a', '-F', format)).trimEnd().split(' ');
    // Up to tmux 3.4 libutempter's handler may swallow the signal that tells tmux of the end: tell it again.
    if (state === '1::') process.kill(Number(server), 'SIGCHLD');
    return state;
  };
  const capture = async (flags: string): Promise<string> => {
    const [drawn, ...lines] = (
      await tmux(
        ...['display-message', '-p', ended, ';', 'if-shell', '-F', `#{&&:${ended},#{!=:#{alternate_on},1}}`],
        ...[`capture-pane -p -S -1 ${flags}`, `capture-pane -p ${flags}`],
      )
    ).split('\n');
    const shown = drawn === '1' ? lines.slice(0, -2) : lines;
    return shown
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  };
  const bytes = async (all: Uint8Array): Promise<void> => {
    const codes = [...all].map((byte) => byte.toString(16).padStart(2, '0'));
    // From 3.7 on tmux takes at most 1000 arguments.
    for (let at = 0; at < codes.length; at += 500)
      await tmux('send-keys', '-H', ...codes.slice(at, at + 500));
  };
  const type = (text: string) => bytes(Buffer.from(text));
  const see = async (what: string | RegExp, wanted: boolean, timeout?: number): Promise<string> => {
    let seen = '';
    const matches = async () => {
      seen = await capture('-J');
      return (typeof what === 'string' ? seen.includes(what) : what.test(seen)) === wanted;
    };
    const told = `${wanted ? '' : 'no '}${typeof what === 'string' ? JSON.stringify(what) : what} on the screen`;
    await until(matches, { what: told, timeout, interval: 30 }).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error}\n${seen}`);
    });
    return seen;
  };
  const close = async (): Promise<void> => {
    end();
    // No server left to end is as good.
    await account.exec('tmux', ['-S', socket, 'kill-server']);
    await account.exec('rm', ['-rf', folder]);
  };

  return {
    pid: Number(pid),
    signal: (signal) => void process.kill(Number(pid), signal),
    sendKeys: async (...keys) => void (await tmux('send-keys', '--', ...keys)),
    type,
    bytes,
    paste: (text) => type(`\x1b[200~${text}\x1b[201~`),
    click: (column, row, button = 0) =>
      type(['M', 'm'].map((end) => `\x1b[<${button};${column};${row}${end}`).join('')),
    screen: () => capture(''),
    transcript: () => capture('-J -S -'),
    waitFor: (what, { timeout } = {}) => see(what, true, timeout),
    waitForNo: (what, { timeout } = {}) => see(what, false, timeout),
    record: async () => {
      const file = `${folder}/record`;
      await tmux('pipe-pane', '-O', `exec cat >>${file}`);
      return () => (existsSync(file) ? readFileSync(file, 'latin1') : '');
    },
    resize: async (x, y) => void (await tmux('resize-window', '-x', String(x), '-y', String(y))),
    size: async () => {
      const [x, y] = (await tmux('display-message', '-p', '#{window_width} #{window_height}')).split(' ');
      return { columns: Number(x), rows: Number(y) };
    },
    isRunning: async () => (await status().catch(() => '1')).startsWith('0'),
    exitStatus: async ({ timeout } = {}) => {
      const how = await until(async () => /^1:(?=:?\w)(\d*):(\w*)$/.exec(await status()), {
        what: `the end of ${command.join(' ')}`,
        timeout,
      });
      const [, code = '', signal = ''] = how;
      return code === '' ? 128 + signalNumber(signal) : Number(code);
    },
    closeTerminal: async () => void (await tmux('kill-pane')),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * 1 once tmux knows how the program ended. It has moved everything up by a line then, to write "Pane is dead"
 * below; the line above went to the history, unless the program ended in the alternate screen.
 */
const ended = '#{!=:#{pane_dead_status}#{pane_dead_signal},}';

/** tmux takes a `;` at the end of an argument for the end of its command. */
function argument(text: string): string {
  return text.replace(/;$/, '\\;');
}

/** tmux gives the number in some releases and the name, without SIG, in others. */
function signalNumber(signal: string): number {
  const named = Object.entries(constants.signals).find(([name]) => name === `SIG${signal}`);
  return named?.[1] ?? Number(signal);
}
