import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Account } from './account.ts';
import { isGood } from './devpts.ts';
import { entering } from './enter.ts';
import { demand, execute } from './execute.ts';
import { marker } from './home.ts';
import { allProcesses, killAll, type Process, readProcess } from './processes.ts';
import { isRoot, testRun } from './run.ts';
import { until } from './wait.ts';

const here = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } };

export interface Sshd extends AsyncDisposable {
  /** 127.0.0.1, unless another address was asked for. */
  readonly host: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly hostKeyPublic: string;
  /** `SHA256:…` of the host key. */
  readonly hostKeyFingerprint: string;
  readonly configFile: string;
  /** The listener's process id. */
  readonly pid: number;
  /** Everything logged so far, at level VERBOSE: names the key of each login. */
  readonly log: () => string;
  /** The processes right below the listener: one a connection (as root its privileged monitor). */
  readonly connections: () => Process[];
  /** Ends the listener and every connection. */
  readonly stop: () => Promise<void>;
  readonly facts: SshdFacts;
}

/** What another test needs to go on with it. */
export interface SshdFacts {
  readonly folder: string;
  readonly configFile: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly startTime: number;
  readonly hostKeyPublic: string;
  readonly hostKeyFingerprint: string;
}

export interface SshdOptions {
  /** Lines that go first, where sshd takes them over the harness's own. */
  readonly config?: readonly string[] | undefined;
  /**
   * Whether it refuses an address for a while after logins that came to nothing, as sshd does from 9.8 on: not where not
   * given, since most tests have guests refused on purpose, all from one address.
   */
  readonly penalties?: boolean | undefined;
  /** The network namespace it is in, and its address there. */
  readonly network?: { readonly name: string; readonly address: string } | undefined;
}

/**
 * A real sshd, on loopback unless told otherwise, for one account, with OpenSSH's own permissive defaults for forwarding, subsystems
 * and sessions, so that the program's restrictions are what is tested. As root with privilege separation and
 * StrictModes. As a plain user for that user alone, reading the keys of the account's HOME, without
 * StrictModes since a home below /tmp is never accepted.
 * @throws Error where sshd is missing or does not start, or where a plain user's sshd could not make terminals
 */
export async function startSshd(account: Account, options: SshdOptions = {}): Promise<Sshd> {
  const binary = sshdPath();
  if (isRoot()) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  else demandPlainPtys();
  const folder = await mkdtemp(`${testRun().folder}/d`);
  await chmod(folder, 0o755); // As /etc/ssh: anybody may read the configuration and the public keys.
  const hostKey = `${folder}/host_key`;
  await demand(here, 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', hostKey]);
  const { address: host = '127.0.0.1', name: network } = options.network ?? {};
  const enter = entering({ network, holder: account.holder })?.('/') ?? [];
  const more = [...(options.config ?? []), ...(options.penalties ? [] : await noPenalties())];
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const own = [`ListenAddress ${host}`, `Port ${port}`, `PidFile ${folder}/pid`];
    const config = configFor(account, own, hostKey, more);
    const listener = await listen([...enter, binary], folder, config);
    if (listener) return describe(folder, hostKey, { host, port }, listener);
    // Another process took the port between our look and sshd's bind.
    if (attempt === 5 || !/Address already in use/.test(logOf(folder)))
      throw new Error(`sshd did not start\n${logOf(folder)}`);
  }
}

/** sshd demands to be started by its absolute path, which a plain user's PATH does not hold. */
function sshdPath(): string {
  const path = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd', '/sbin/sshd'].find(existsSync);
  if (!path) throw new Error('sshd is missing: run `sh .ci/setup tests`');
  return path;
}

function demandPlainPtys(): void {
  if (isGood()) return;
  throw new Error(
    'these tests must run as root here: /dev/pts is mounted without gid=5, so the sshd of a plain user can make no terminal',
  );
}

function configFor(
  account: Account,
  own: readonly string[],
  hostKey: string,
  more: readonly string[],
): string {
  const lines = [
    ...more,
    ...own,
    `HostKey ${hostKey}`,
    `AllowUsers ${account.name}`,
    'LogLevel VERBOSE',
    'UsePAM no',
    'PrintMotd no',
    'X11Forwarding yes',
    'AcceptEnv LANG LC_*',
    // The default from 9.0 on costs both sides as much processor time as all the rest of a login.
    'KexAlgorithms curve25519-sha256',
    'MaxStartups 1000',
    'MaxSessions 1000',
    'Subsystem sftp internal-sftp',
    ...(account.kind === 'home' ? linesForHome(account) : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** sshd takes the home from the password file: point it, and the sessions it starts, to the account's HOME. */
function linesForHome({ home, env }: Account): string[] {
  const names = ['HOME', 'TMUX_TMPDIR', 'XDG_RUNTIME_DIR', marker].filter((name) => env[name] !== undefined);
  return [
    `AuthorizedKeysFile ${home}/.ssh/authorized_keys ${home}/.ssh/authorized_keys2`,
    'StrictModes no',
    `SetEnv ${names.map((name) => `${name}=${env[name]}`).join(' ')}`,
  ];
}

/** From 9.8 on sshd locks an address out for a while after refused logins, and ours all come from one. */
async function noPenalties(): Promise<string[]> {
  const { stderr } = await execute(here, 'ssh', ['-V']);
  const [, major = 0, minor = 0] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr)?.map(Number) ?? [];
  return major * 100 + minor >= 908 ? ['PerSourcePenalties no'] : [];
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()));
      });
  });
}

/** Starts the listener; undefined where it ended before it listened. */
async function listen(
  command: readonly string[],
  folder: string,
  config: string,
): Promise<Process | undefined> {
  await writeFile(`${folder}/sshd_config`, config);
  const log = openSync(`${folder}/log`, 'w');
  // A session of its own, so that a Ctrl-C in the developer's terminal is the harness's to handle.
  const [file = '', ...args] = [...command, '-D', '-e', '-f', `${folder}/sshd_config`];
  const child = spawn(file, args, {
    ...here,
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.on('error', () => {});
  await until(() => child.exitCode !== null || /Server listening on/.test(logOf(folder)), {
    what: 'sshd to listen',
  });
  return child.exitCode === null && child.pid !== undefined ? readProcess(child.pid) : undefined;
}

function logOf(folder: string): string {
  return readFileSync(`${folder}/log`, 'utf8');
}

async function describe(
  folder: string,
  hostKey: string,
  at: Pick<Sshd, 'host' | 'port'>,
  { pid, startTime }: Process,
): Promise<Sshd> {
  const [type = '', base64 = ''] = (await readFile(`${hostKey}.pub`, 'utf8')).split(/\s+/);
  const print = await demand(here, 'ssh-keygen', ['-lf', `${hostKey}.pub`]);
  const facts = {
    ...at,
    folder,
    configFile: `${folder}/sshd_config`,
    pid,
    startTime,
    hostKeyPublic: `${type} ${base64}`,
    hostKeyFingerprint: print.split(' ')[1] ?? '',
  };
  return resumeSshd(facts, 0);
}

/** One that runs. @param begun how much of its log is of others before, in bytes */
export function resumeSshd(facts: SshdFacts, begun = Buffer.byteLength(logOf(facts.folder))): Sshd {
  const { folder, pid, startTime } = facts;
  const connections = () => allProcesses().filter(({ ppid }) => ppid === pid);
  const listener = () => allProcesses().filter((one) => one.pid === pid && one.startTime === startTime);
  const stop = async (): Promise<void> => {
    const ours = withDescendants([...listener(), ...connections()]);
    await killAll(ours, 'sshd and its connections');
    await rm(folder, { recursive: true, force: true });
  };
  return {
    ...facts,
    facts,
    log: () => Buffer.from(logOf(folder)).subarray(begun).toString(),
    connections,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What is left of these processes and of the sshd processes below them, however often one looks. */
function withDescendants(roots: readonly Process[]): () => Process[] {
  const known = new Map(roots.map((one) => [one.pid, one.startTime]));
  return () => {
    const all = allProcesses();
    for (const one of all) {
      if (known.has(one.ppid) && /^(sshd|sshd-session|sshd-auth)\b/.test(one.cmd)) {
        known.set(one.pid, one.startTime);
      }
    }
    return all.filter((one) => known.get(one.pid) === one.startTime);
  };
}
