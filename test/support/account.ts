import type { ChildProcess, StdioOptions } from 'node:child_process';
import { makeCleanup, orUndo } from './cleanup.ts';
import { type Devpts, isGood, mountDevpts } from './devpts.ts';
import { entering } from './enter.ts';
import { demand, type Environment, type Execution, execute, type Finished, start } from './execute.ts';
import { isProcHidden } from './hidden-proc.ts';
import { makeHome } from './home.ts';
import type { Process } from './processes.ts';
import { isRoot } from './run.ts';
import { makeThrowAway } from './throw-away.ts';

/** Someone who runs programs: from a folder of their own, with an environment of their own. */
export interface Account extends AsyncDisposable {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Has a `.ssh` of mode 0700 only where `ssh` was asked for. */
  readonly home: string;
  /** A folder of mode 0700 outside the home, with a path short enough for sockets. */
  readonly scratch: string;
  /** What a login would give, and nothing of the test runner's: no TMUX, no SSH_*, no DBUS_*. */
  readonly env: Environment;
  /** The process whose mount namespace its sshd is to be in, if it is to have other files. */
  readonly holder?: number;
  /** `system`: an account of its own, seen by sshd. `home`: the current user with another HOME. */
  readonly kind: 'system' | 'home';
  /** Runs a program to its end as this account, in its home. */
  readonly exec: (file: string, args: readonly string[], options?: Execution) => Promise<Finished>;
  /** The same for what must exit 0: gives its standard output. */
  readonly demand: (file: string, args: readonly string[], options?: Execution) => Promise<string>;
  /** Starts a program as this account and leaves it running. */
  readonly spawn: (
    file: string,
    args: readonly string[],
    options?: Pick<Execution, 'env' | 'cwd'> & { readonly stdio?: StdioOptions },
  ) => ChildProcess;
  /** Runs a shell script as root where this account's programs run: in their namespaces. @throws Error unless root */
  readonly asRoot: (script: string) => Promise<string>;
  /** What runs as this account now. For kind `home`: what was started through it, as far as environments tell. */
  readonly processes: () => Process[];
}

/** What makes and removes an account; the rest of {@link Account} follows from it. */
export interface Premises {
  readonly kind: Account['kind'];
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly scratch: string;
  readonly env: Environment;
  readonly processes: () => Process[];
  /** Ends what is left running, then removes every file. */
  readonly remove: () => Promise<void>;
}

export interface AccountOptions {
  /** `home` even for root; where not given, root gets a system account and everyone else a home. */
  readonly kind?: Account['kind'] | undefined;
  /** Whether XDG_RUNTIME_DIR names a 0700 folder (in `scratch`); yes where not given. */
  readonly runtimeDirectory?: boolean | undefined;
  /** Whether `~/.ssh` (0700) exists; yes where not given. */
  readonly ssh?: boolean | undefined;
  /** The login shell of a system account, bash where not given. */
  readonly shell?: string | undefined;
  /** How its `/dev/pts` is mounted; the machine's own where not given. What the machine has not needs root. */
  readonly devpts?: Devpts | undefined;
  /** The network namespace that its programs are in. Needs root. */
  readonly network?: string | undefined;
  /** What stands at these paths for its programs and its sshd, by text; their folders must be there already. Needs root. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Whether its programs and its sshd find a /proc: yes where not given, unless the run is one without. Needs root. */
  readonly proc?: boolean | undefined;
}

/**
 * Makes an account for a test. Disposing of it kills what it still runs, by pid, and removes all it owns.
 * @param spare the premises of one that there is
 * @throws Error where root is needed and missing, or `useradd` fails
 */
export async function makeAccount(options: AccountOptions = {}, spare?: Premises): Promise<Account> {
  const { runtimeDirectory = true, ssh = true, kind = isRoot() ? 'system' : 'home' } = options;
  const premises = spare ?? (await (kind === 'system' ? makeThrowAway(options.shell) : makeHome()));
  const cleanup = makeCleanup();
  cleanup.defer(premises.remove);
  return orUndo(cleanup, async () => {
    const { uid, gid, home, scratch } = premises;
    const run = `${scratch}/run`;
    const env = runtimeDirectory ? { ...premises.env, XDG_RUNTIME_DIR: run } : premises.env;
    const ids = kind === 'system' ? { uid, gid } : {};
    const { devpts = isGood() ? 'good' : 'without-gid', network, files } = options;
    const { proc = kind === 'home' || !isProcHidden } = options;
    const own = files !== undefined || (devpts === 'good') !== isGood() || !proc;
    const holder = own ? cleanup.use(await mountDevpts(devpts, files, proc)).holder : undefined;
    const enter = entering({ ...ids, holder, network });
    const identity = { cwd: home, env, enter, ...ids };
    const folders = [...(runtimeDirectory ? [run] : []), ...(ssh ? [`${home}/.ssh`] : [])];
    if (folders.length > 0) await demand(identity, 'mkdir', ['-m', '0700', ...folders]);
    const { remove: _, ...facts } = premises;
    return {
      ...facts,
      env,
      ...((files || !proc) && holder !== undefined ? { holder } : {}),
      exec: (file, args, more) => execute(identity, file, args, more),
      demand: (file, args, more) => demand(identity, file, args, more),
      spawn: (file, args, more) => start(identity, file, args, more),
      asRoot: (script) => {
        if (!isRoot()) throw new Error('needs root');
        const path = '/usr/sbin:/usr/bin:/sbin:/bin';
        return demand({ cwd: '/', env: { PATH: path }, enter: entering({ holder, network }) }, 'sh', [
          '-c',
          script,
        ]);
      },
      [Symbol.asyncDispose]: cleanup.run,
    };
  });
}
