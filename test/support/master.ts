import type { Account } from './account.ts';
import type { Execution, Finished } from './execute.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts';
import { until } from './wait.ts';

export interface MasterOptions extends TerminalOptions {
  /** `none` (`-N`, where not given) or `terminal`: a session of its own from the start. */
  readonly session?: 'none' | 'terminal';
  /** For ssh, before the destination. */
  readonly options?: readonly string[];
}

/** A connection held open with `ssh -M`, that new channels go through without a new login. */
export interface Master extends AsyncDisposable {
  /** The `ssh -M` process. */
  readonly pid: number;
  readonly controlPath: string;
  /** The master's own session, where it was opened with one. */
  readonly terminal: Terminal | undefined;
  /** Whether the master answers `ssh -O check`. */
  readonly isAlive: () => Promise<boolean>;
  /** A new channel over this connection, to its end; never a new connection. */
  readonly channel: (
    options?: readonly string[],
    command?: readonly string[],
    execution?: Execution,
  ) => Promise<Finished>;
  /** A new channel with a terminal. */
  readonly join: (options?: TerminalOptions & { readonly options?: readonly string[] }) => Promise<Terminal>;
  /** `ssh -O COMMAND`, such as `forward -L 1234:127.0.0.1:22`. */
  readonly control: (command: string, args?: readonly string[]) => Promise<Finished>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a master and waits until it answers.
 * @param sshArgs the guest's arguments for ssh, with more options in front of the destination
 * @throws Error where it does not come up, with what ssh said
 */
export async function openMaster(
  account: Account,
  sshArgs: (options: readonly string[]) => string[],
  { session = 'none', options = [], ...window }: MasterOptions = {},
): Promise<Master> {
  const folder = (await account.demand('mktemp', ['-d', `${account.scratch}/mXXXXXX`])).trim();
  const controlPath = `${folder}/c`;
  // The first value that ssh sees for an option is the one it takes.
  const through = ['-S', controlPath, '-o', 'ControlMaster=no'];
  const kind = session === 'none' ? ['-N'] : ['-tt'];
  const mine = sshArgs(['-o', 'ControlMaster=yes', '-S', controlPath, ...kind, ...options]);
  // In a terminal either way, so that what it says can be told.
  const terminal = await openTerminal(account, ['ssh', ...mine], window);
  const control = (command: string, args: readonly string[] = []) =>
    account.exec('ssh', ['-O', command, ...sshArgs([...through, ...args])]);
  const isAlive = async () => (await control('check')).exitCode === 0;
  const close = async (): Promise<void> => {
    await control('exit');
    await terminal.close();
  };
  try {
    const settled = async () => ((await isAlive()) ? 'up' : !(await terminal.isRunning()) && 'ended');
    const outcome = await until(settled, { what: 'the ssh master', timeout: 45_000 });
    if (outcome === 'ended') throw new Error(`the ssh master ended\n${await terminal.screen()}`);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    pid: terminal.pid,
    controlPath,
    terminal: session === 'none' ? undefined : terminal,
    isAlive,
    channel: (more = [], command = [], execution = {}) =>
      account.exec('ssh', [...sshArgs([...through, ...noFallback, ...more]), ...command], execution),
    join: ({ options: more = [], ...size } = {}) =>
      openTerminal(account, ['ssh', ...sshArgs([...through, ...noFallback, '-tt', ...more])], size),
    control,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Where the master is gone, ssh would make a new connection by itself: give it no way to. */
const noFallback = ['-o', 'ProxyCommand=false'];
