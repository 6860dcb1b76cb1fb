import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';

export type Environment = Readonly<Record<string, string>>;

/** How a program ended. One of `exitCode` and `signal` is null. Output is read as UTF-8. */
export interface Finished {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whom a program runs as, and where. Numbers absent: as the current user. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd: string;
  /** The whole environment; nothing of the test runner's own is added. */
  readonly env: Environment;
  /** What stands before every command line, run as the current user: it is to become `uid` and go to `cwd` itself. */
  readonly enter?: ((cwd: string) => readonly string[]) | undefined;
}

export interface Execution {
  /** Added to the identity's environment. */
  readonly env?: Environment | undefined;
  readonly cwd?: string | undefined;
  /** Written to standard input, which is empty where not given. */
  readonly input?: string | Buffer | undefined;
  /** Milliseconds until the program is killed, 30 s where not given. */
  readonly timeout?: number | undefined;
}

/**
 * Runs one program to its end: its exit, and the end of everyone who holds its output.
 * @throws Error where it can't be started, or with its output so far where it takes longer than `timeout`
 */
export function execute(
  identity: Identity,
  file: string,
  args: readonly string[],
  options: Execution = {},
): Promise<Finished> {
  const { timeout = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const child = start(identity, file, args, { ...options, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.stdout?.destroy();
      child.stderr?.destroy();
      reject(new Error(`${[file, ...args].join(' ')}: not done after ${timeout} ms\n${stdout}${stderr}`));
    }, timeout);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      resolve({ exitCode, signal, stdout, stderr });
    });
    // A program that ends without reading all of its input is none of our business.
    child.stdin?.on('error', () => {}).end(options.input ?? '');
  });
}

/** {@link execute} for what must succeed: gives its standard output. @throws Error where it does not exit 0 */
export async function demand(...call: Parameters<typeof execute>): Promise<string> {
  const { exitCode, signal, stdout, stderr } = await execute(...call);
  if (exitCode === 0) return stdout;
  const [, file, args] = call;
  throw new Error(`${[file, ...args].join(' ')}: ended with ${exitCode ?? signal}\n${stdout}${stderr}`);
}

/** Starts a program and leaves it running; output is dropped unless `stdio` says otherwise. */
export function start(
  { uid, gid, cwd, env, enter }: Identity,
  file: string,
  args: readonly string[],
  options: Pick<Execution, 'env' | 'cwd'> & { readonly stdio?: StdioOptions } = {},
): ChildProcess {
  const common = { env: { ...env, ...options.env }, stdio: options.stdio ?? 'ignore' };
  if (enter) {
    const [before = '', ...words] = enter(options.cwd ?? cwd);
    return spawn(before, [...words, file, ...args], { ...common, cwd: '/' });
  }
  return spawn(file, args, {
    ...common,
    cwd: options.cwd ?? cwd,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}
