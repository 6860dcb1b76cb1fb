import { readFileSync } from 'node:fs';
import { chmod, chown, writeFile } from 'node:fs/promises';
import { type Account, type AccountOptions, makeAccount } from './account.ts';
import { type Cleanup, makeCleanup, orUndo } from './cleanup.ts';
import type { Environment, Execution, Finished } from './execute.ts';
import { type Guest, type GuestOptions, makeGuest } from './guest.ts';
import { isProcHidden } from './hidden-proc.ts';
import type { Process } from './processes.ts';
import { program } from './program.ts';
import { isRoot } from './run.ts';
import { expectUntouched, type Snapshot, snapshotsOf } from './snapshot.ts';
import { takeSpare } from './spare.ts';
import { type Sshd, type SshdOptions, startSshd } from './sshd.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts';

export interface StageOptions {
  readonly account?: AccountOptions | undefined;
  readonly sshd?: SshdOptions | undefined;
  /** What `authorized_keys` (0600) holds at the start; absent where not given. */
  readonly keys?: string | Buffer | undefined;
  /** Whether the account has never run the program, and is removed afterwards: perhaps not where not given. */
  readonly isFresh?: boolean | undefined;
}

export type Snapshots = Readonly<Record<string, Snapshot>>;

/** A host's machine: an account, an sshd that lets it in, terminals, and guests that may come. */
export interface Stage extends AsyncDisposable {
  readonly account: Account;
  readonly sshd: Sshd;
  /** Starts the program as the host in a terminal, with `--port` of this stage's sshd in front. */
  readonly pair: (args: readonly string[], options?: TerminalOptions) => Promise<Terminal>;
  /** The same with nothing in front: for other doors than this stage's sshd. */
  readonly start: (args: readonly string[], options?: TerminalOptions) => Promise<Terminal>;
  /** Runs the program as the host without a terminal, to its end, with nothing added. */
  readonly run: (args: readonly string[], options?: Execution) => Promise<Finished>;
  /** Any other program in a terminal of the host's. */
  readonly terminal: (command: readonly string[], options?: TerminalOptions) => Promise<Terminal>;
  /** A guest for this host; not let in by that alone. */
  readonly guest: (options?: Partial<GuestOptions>) => Promise<Guest>;
  readonly keysPath: string;
  /** The bytes of `authorized_keys`, undefined where it does not exist. */
  readonly keysFile: () => Buffer | undefined;
  /** Writes `authorized_keys` in place as the account's own, mode 0600 where not given. */
  readonly writeKeys: (content: string | Buffer, mode?: number) => Promise<void>;
  /** Writes a file below the account's home, as the account's own, with its parent folders; gives its path. */
  readonly writeFile: (path: string, content: string, mode?: number) => Promise<string>;
  /** `~/.ssh`, `authorized_keys` and `authorized_keys2` as they are now. */
  readonly snapshot: () => Snapshots;
  /** Asserts that they are as they were: content, mode, owner, existence. */
  readonly expectUntouched: (before: Snapshots) => void;
  /** What runs as the host account, the harness's own terminals included. */
  readonly processes: () => Process[];
}

/**
 * Sets a stage for one test. Disposing of it ends and removes everything of it, guests and terminals first.
 *
 *     await using stage = await makeStage({ keys: 'ssh-ed25519 AAAA… me\n' });
 */
export async function makeStage(options: StageOptions = {}): Promise<Stage> {
  const cleanup = makeCleanup();
  return orUndo(cleanup, async () => {
    const { account, sshd } = await housed(options, cleanup);
    const keysPath = `${account.home}/.ssh/authorized_keys`;
    const put = async (path: string, content: string | Buffer, mode = 0o600): Promise<void> => {
      await writeFile(path, content);
      await chmod(path, mode);
      await chown(path, account.uid, account.gid);
    };
    const terminal = async (command: readonly string[], window?: TerminalOptions) =>
      cleanup.use(await openTerminal(account, command, window));
    // What is on loopback alone is no sshd that guests could come through, unless the host has said so.
    const named = options.account?.network === undefined ? { TMUXPAIR_HOST: '127.0.0.1' } : {};
    const asHost = <T extends { readonly env?: Environment | undefined }>(given?: T) => ({
      ...given,
      env: { ...named, ...given?.env },
    });
    if (options.keys !== undefined) await put(keysPath, options.keys);
    return {
      account,
      sshd,
      terminal,
      pair: (args, window) => terminal([...argv(), '--port', String(sshd.port), ...args], asHost(window)),
      start: (args, window) => terminal([...argv(), ...args], asHost(window)),
      run: (args, execution) => {
        const [file = '', ...before] = argv();
        return account.exec(file, [...before, ...args], asHost(execution));
      },
      guest: async (more) =>
        cleanup.use(await makeGuest({ destination: { ...sshd, user: account.name }, ...more })),
      keysPath,
      keysFile: () => existingBytes(keysPath),
      writeKeys: (content, mode) => put(keysPath, content, mode),
      writeFile: async (path, content, mode) => {
        const full = `${account.home}/${path}`;
        await account.demand('mkdir', ['-p', full.replace(/\/[^/]*$/, '')]);
        await put(full, content, mode);
        return full;
      },
      snapshot: () => snapshotsOf([`${account.home}/.ssh`, keysPath, `${keysPath}2`]),
      expectUntouched,
      processes: account.processes,
      [Symbol.asyncDispose]: cleanup.run,
    };
  });
}

async function housed(
  { account: wanted, sshd: server, isFresh = false }: StageOptions,
  cleanup: Cleanup,
): Promise<Pick<Stage, 'account' | 'sshd'>> {
  const isPlain = !isFresh && wanted === undefined && server === undefined;
  if (isPlain && isRoot() && !isProcHidden) {
    const { account, sshd, release } = await takeSpare();
    cleanup.defer(release);
    return { account, sshd };
  }
  const account = cleanup.use(await makeAccount(wanted));
  return { account, sshd: cleanup.use(await startSshd(account, server)) };
}

function argv(): string[] {
  const { file, args } = program();
  return [file, ...args];
}

function existingBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
