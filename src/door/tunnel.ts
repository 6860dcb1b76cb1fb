/**
 * The tunnel of `--via`: the user's own ssh, which has the jump host listen on its loopback and bring what comes there
 * to our door. Watched, and started again while the pairing lives.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { refuse } from '../domain/failure.ts';
import { type Jump, showJump } from '../domain/jump.ts';
import { endGroup } from './group.ts';

export interface TunnelOptions {
  readonly jump: Jump;
  /** The port of our door, on this machine's loopback. */
  readonly to: number;
  /** What starts the program that is put behind it. */
  readonly admit: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The tunnel is up again, on this port of the jump host; the same as before unless that is held for too long. */
  readonly onUp: (port: number) => void;
  /** An attempt to open it again has failed, of which there will be more. */
  readonly onDown: (detail: string) => void;
  /** An ssh has ended, and its process group's leader is gone. */
  readonly onEnd: (leader: number) => void;
}

export interface Tunnel {
  /** The port on the jump host's loopback at first. */
  readonly port: number;
  /** Starts no ssh any more. The one that runs is the lease's to end. */
  close(): void;
}

/** In ms. How long a start may take; the shortest and longest waits in between; how long to ask for the same port. */
const patience = { start: 30_000, least: 500, most: 30_000, samePort: 120_000 };

/**
 * Opens the tunnel, and resolves when the jump host listens.
 * @throws Refusal `tunnel-failed` with what ssh said, where it does not come up at first
 */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let wait = patience.least;
  let downSince: number | undefined;

  const first = await attempt(options, 0);
  if (!first.up) return refuse({ kind: 'tunnel-failed', jump: showJump(options.jump), detail: first.detail });
  let { port } = first;

  const watch = (running: Up): void => {
    wait = patience.least;
    downSince = undefined;
    running.ended.then(() => {
      if (!closed) again();
    });
  };
  const again = (): void => {
    downSince ??= Date.now();
    timer = setTimeout(async () => {
      const asked = Date.now() - (downSince ?? 0) < patience.samePort ? port : 0;
      const next = await attempt(options, asked);
      if (closed) return;
      if (!next.up) {
        options.onDown(next.detail);
        return again();
      }
      port = next.port;
      options.onUp(port);
      watch(next);
    }, wait);
    wait = Math.min(wait * 2, patience.most);
  };
  watch(first);
  return {
    port: first.port,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** The jump host as anybody can find it: the user's own ssh configuration may give it another name. */
export async function resolveJump(jump: Jump): Promise<Jump> {
  const { execa } = await import('execa');
  const { stdout = '' } = await execa('ssh', ['-G', ...destination(jump)], {
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 5000,
  });
  const value = (name: string): string | undefined => new RegExp(`^${name} (.+)$`, 'm').exec(stdout)?.[1];
  const [host, port] = [value('hostname') ?? jump.host, Number(value('port') ?? 22)];
  return { ...jump, host, port };
}

interface Up {
  readonly up: true;
  readonly port: number;
  readonly ended: Promise<unknown>;
}

/** What ssh says at this level although all is well. */
const smallTalk = /^(debug1: |OpenSSH_|Authenticated to |Transferred: |Bytes per second: |Allocated port )/;

/** One ssh. `detail` is the last thing that it said. @param port to ask the jump host for; 0 for any */
async function attempt(options: TunnelOptions, port: number): Promise<Up | { up: false; detail: string }> {
  const { admit, jump, to, env } = options;
  const [file = '', ...args] = [...admit, 'ssh', ...sshArgs(jump, port, to)];
  const child = spawn(file, args, { detached: true, cwd: '/', env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const ended = once(child, 'exit').then(
    () => {
      if (child.pid !== undefined) options.onEnd(child.pid);
      return said;
    },
    (error: unknown) => String(error),
  );
  const listening = new Promise<number>((resolve) => {
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!smallTalk.test(line)) said = line.trim();
      const [, allocated] = /^Allocated port (\d+) for remote forward to /.exec(line) ?? [];
      if (allocated !== undefined) resolve(Number(allocated));
      else if (port !== 0 && line.startsWith('debug1: remote forward success for: listen')) resolve(port);
    });
  });
  const timer = setTimeout(() => endGroup(child), patience.start);
  const outcome = await Promise.race([listening, ended]);
  clearTimeout(timer);
  return typeof outcome === 'number' ? { up: true, port: outcome, ended } : { up: false, detail: outcome };
}

/**
 * The user's configuration holds, save for what would ask questions while tmux has the terminal, share a connection
 * with others, or run something over there. Level DEBUG1 tells when a port that was asked for is listened on.
 */
function sshArgs(jump: Jump, port: number, to: number): string[] {
  const settings = [
    'BatchMode=yes',
    'ConnectTimeout=10',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'ExitOnForwardFailure=yes',
    'ControlMaster=no',
    'ControlPath=none',
    'ForwardAgent=no',
    'ForwardX11=no',
    'PermitLocalCommand=no',
    'RequestTTY=no',
    'Tunnel=no',
    'LogLevel=DEBUG1',
  ];
  const forward = ['-R', `127.0.0.1:${port}:127.0.0.1:${to}`];
  return ['-N', ...settings.flatMap((setting) => ['-o', setting]), ...forward, ...destination(jump)];
}

function destination({ user, host, port }: Jump): string[] {
  return [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    '--',
    host,
  ];
}
