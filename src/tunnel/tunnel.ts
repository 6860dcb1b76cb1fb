/**
 * The tunnel of `--via`: the user's own ssh, which has the jump host listen on its loopback and bring what comes there
 * to our door. Watched, and started again while the pairing lives.
 *
 *     connecting  ssh has logged in once its control socket exists
 *     asking      over that socket, asks the jump host to listen; the answer names the port
 *     proving     begins a login from the far end; the host key that answers has to be ours (see tunnel-proof.ts)
 *     up          removes the socket: nobody may use this login for anything else. Down again when ssh ends
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../domain/failure.ts';
import { type Jump, showJump } from '../domain/jump.ts';
import { inLease } from '../domain/lease-folder.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { TunnelTrouble, Untried } from '../domain/tunnel-trouble.ts';
import { findSsh } from '../door/find-ssh.ts';
import { endGroup } from '../door/group.ts';
import { capture } from '../spawn/capture.ts';
import {
  askArgs,
  configArgs,
  connectArgs,
  type Hop,
  type JumpConfig,
  proxyCommand,
  readJumpConfig,
  remoteForward,
} from './jump-ssh.ts';
import { lastLine, proveTunnel, readLog } from './tunnel-proof.ts';

export interface TunnelOptions {
  readonly jump: Jump;
  /** Settings of its configuration that must not apply here; see {@link findJump}. */
  readonly undone: JumpConfig['undone'];
  /** Where our door listens, on this machine. */
  readonly to: { readonly host: string; readonly port: number };
  /** Of our door; none if they are not known. */
  readonly hostKeys: readonly PublicKey[];
  /** The account that guests log in to. */
  readonly user: string;
  /** A folder of our own, with a path short enough for a socket in it. */
  readonly folder: string;
  /** The command that starts the program appended to it. */
  readonly admit: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The tunnel is up again, on this port of the jump host: the same as before, unless that is taken for too long. */
  readonly onUp: (port: number) => void;
  /** It is down, or an attempt to open it again has failed; there will be more. */
  readonly onDown: (trouble: TunnelTrouble) => void;
  /** An ssh has ended, and its process group's leader is gone. */
  readonly onEnd: (leader: number) => void;
}

export interface Tunnel {
  /** The port on the jump host's loopback at first. */
  readonly port: number;
  /** Why it was not seen that our host key answers at its far end; absent if it was. */
  readonly untried?: Untried | undefined;
  /** If it is down and waits for the next attempt, makes that now. */
  retry(): void;
  /** Starts no more ssh. The one that runs is the lease's to end. */
  close(): void;
}

/**
 * In ms: how long a login and a question may take; the shortest and longest waits between attempts; how long a tunnel
 * has to be up for the next wait to be the shortest again; how long to ask for the same port.
 */
const timeoutsMs = {
  login: 30_000,
  question: 15_000,
  least: 500,
  most: 30_000,
  steady: 60_000,
  samePort: 120_000,
};

/**
 * Opens the tunnel, and resolves when it is up.
 * @throws Refusal `program-missing` without an ssh; `tunnel-failed` if it does not come up at first
 */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let wait = timeoutsMs.least;
  let downSince: number | undefined;

  findSsh(options.env);
  const first = await attempt(options, 0);
  if (!first.up)
    return refuse({ kind: 'tunnel-failed', jump: showJump(options.jump), trouble: first.trouble });
  let { port } = first;

  const watch = (running: Up): void => {
    const since = performance.now();
    downSince = undefined;
    void running.ended.then((said) => {
      if (closed) return;
      if (performance.now() - since > timeoutsMs.steady) wait = timeoutsMs.least;
      options.onDown({ kind: 'ssh', said });
      again();
    });
  };
  const again = (): void => {
    downSince ??= Date.now();
    timer = setTimeout(() => void attemptAgain(), wait);
    wait = Math.min(wait * 2, timeoutsMs.most);
  };
  const attemptAgain = async (): Promise<void> => {
    timer = undefined;
    const asked = Date.now() - (downSince ?? 0) < timeoutsMs.samePort ? port : 0;
    const next = await attempt(options, asked);
    if (closed) return;
    if (!next.up) {
      options.onDown(next.trouble);
      return again();
    }
    port = next.port;
    options.onUp(port);
    watch(next);
  };
  watch(first);
  return {
    port: first.port,
    untried: first.untried,
    retry: () => {
      if (closed || timer === undefined) return;
      clearTimeout(timer);
      void attemptAgain();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** The way to a jump host, as far as the user's configuration tells it. */
export interface JumpWay extends Pick<JumpConfig, 'undone'> {
  /** As anybody can find them, in the order of the way. The last is the jump host. */
  readonly jumps: readonly [Jump, ...Jump[]];
  /** The first of them, if the way to it can't be told to others. */
  readonly hidden?: Jump | undefined;
  /** Those of them whose configuration names the account to log in to, with that account. */
  readonly logins: readonly Jump[];
}

/** How many hosts the way may go through. ssh does not notice if two lead through each other. */
const mostJumps = 16;

/**
 * What the user's configuration makes of a jump host, and of those before it. The accounts that it logs in to there are
 * the user's own, and no guest's: guests are told only the user that `jump` names.
 * @param self the account's name, which ssh takes if it is told no other
 */
export async function findJump(jump: Jump, self: string, env: NodeJS.ProcessEnv): Promise<JumpWay> {
  const ask = async (one: Jump): Promise<JumpConfig> => {
    const { stdout } = await capture('ssh', configArgs(one), { env, timeoutMs: 5000 });
    return readJumpConfig(one, stdout);
  };
  const last = await ask(jump);
  /**
   * Those before it, from the first of all. ssh reaches each of the others through the one before, whatever their
   * configuration.
   */
  const hops: (JumpConfig & Hop)[] = [];
  let first = last;
  while (first.before.length > 0 && hops.length < mostJumps) {
    const before = await Promise.all(first.before.map(async (asked) => ({ asked, ...(await ask(asked)) })));
    hops.unshift(...before);
    first = before[0] ?? first;
  }
  const proxy = first.before.length > 0 ? undefined : proxyCommand(hops);
  const nameless = hops.map(({ jump: { host, port } }) => ({
    host,
    ...(port === undefined ? {} : { port }),
  }));
  const [start = last.jump, ...others] = [...nameless, last.jump];
  const own = [...hops, ...(jump.user === undefined ? [last] : [])];
  return {
    jumps: [start, ...others],
    undone: [...last.undone, ...(proxy === undefined ? [] : [`ProxyCommand=${proxy}`])],
    hidden: first.isHidden || first.before.length > 0 ? start : undefined,
    logins: own.flatMap(({ jump: at, login }) =>
      login === undefined || login === self ? [] : [{ ...at, user: login }],
    ),
  };
}

interface Up {
  readonly up: true;
  readonly port: number;
  readonly untried?: Untried | undefined;
  /** Resolves when ssh has ended, with what it said last. */
  readonly ended: Promise<string>;
}

/** One ssh. @param port to ask the jump host for; 0 for any */
async function attempt(
  options: TunnelOptions,
  port: number,
): Promise<Up | { readonly up: false; readonly trouble: TunnelTrouble }> {
  const { env, folder, to, hostKeys, user } = options;
  const control = inLease(folder, 'tun');
  const log = inLease(folder, 'tunnel-log');
  const logged = (): string => readLog(log);
  let ssh: ReturnType<typeof start> | undefined;
  const fail = (trouble: TunnelTrouble) => {
    void ssh?.end();
    return { up: false, trouble } as const;
  };
  try {
    for (const path of [control, log]) rmSync(path, { force: true });
    ssh = start(options, { control, log });
    const hasLoggedIn = await ssh.until(() => existsSync(control), timeoutsMs.login);
    if (!hasLoggedIn) return fail({ kind: 'ssh', said: await ssh.end() });
    const forward = askArgs(control, '-O', 'forward', '-R', remoteForward(port, to));
    const answer = await capture('ssh', forward, { env, timeoutMs: timeoutsMs.question });
    const listening = port === 0 ? Number(/^\d+$/.exec(answer.stdout)?.[0]) : port;
    if (answer.code !== 0 || !(listening > 0))
      return fail({ kind: 'ssh', said: lastLine(logged()) || lastLine(answer.stderr) });
    const proof = await proveTunnel({ control, logged, port: listening, hostKeys, user, folder, env });
    if (proof.kind !== 'proven' && proof.kind !== 'untried') return fail(proof);
    return {
      up: true,
      port: listening,
      untried: proof.kind === 'untried' ? proof.why : undefined,
      ended: ssh.ended,
    };
  } catch (error) {
    return fail({ kind: 'ssh', said: String(error) }); // Nothing more can be written to the folder, or started.
  } finally {
    rmSync(control, { force: true });
  }
}

/** Starts the ssh of a tunnel. It listens at `control` once it has logged in. */
function start(
  { admit, jump, undone, env, onEnd }: TunnelOptions,
  files: { readonly control: string; readonly log: string },
) {
  const [file = '', ...args] = [...admit, 'ssh', ...connectArgs(jump, undone, files)];
  const child = spawn(file, args, { detached: true, cwd: '/', env, stdio: ['ignore', 'ignore', 'pipe'] });
  let besides = ''; // From the jump host's banner, or from an ssh to another jump host before it.
  let isRunning = true;
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.trim() !== '') besides = line.trim();
    });
  const ended = once(child, 'exit').then(
    () => {
      isRunning = false;
      if (child.pid !== undefined) onEnd(child.pid);
      return lastLine(readLog(files.log)) || besides;
    },
    (error: unknown) => {
      isRunning = false;
      return String(error);
    },
  );
  return {
    ended,
    /** @returns whether `probe` has come true within `ms`, while ssh ran */
    until: async (probe: () => boolean, ms: number): Promise<boolean> => {
      const late = performance.now() + ms;
      while (isRunning && performance.now() < late) {
        if (probe()) return true;
        await sleep(20);
      }
      return false;
    },
    /** Ends it. Resolves with what it said last. */
    end: (): Promise<string> => {
      endGroup(child);
      return ended;
    },
  };
}
