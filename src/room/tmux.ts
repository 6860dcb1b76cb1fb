/** The only place that builds tmux command lines and runs them. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { refuse } from '../domain/failure.ts';

/** tmux commands with their arguments, run one after the other in one invocation. */
export type Commands = readonly (readonly string[])[];

export interface Server {
  /** Absolute path of the tmux program. */
  readonly tmux: string;
  readonly socket: string;
}

export interface Output {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** 3.2 has -N and client flags. */
const floor = [3, 2] as const;

/** How long, in ms, a server that runs may take to answer: one that hangs must not hold up the end. */
const patience = 2000;

/**
 * Runs commands on a server. Never starts one, unless `start` says so.
 * @param start `with` loads the user's configuration
 */
export async function run(
  server: Server,
  commands: Commands,
  start?: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<Output> {
  const running = execa(server.tmux, [...(start ? [] : ['-N']), '-S', server.socket, ...argv(commands)], {
    reject: false,
    stdin: 'ignore',
    extendEnv: false,
    env: withoutTmux(start?.env ?? process.env),
    cwd: start ? start.cwd : '/', // Our own may have been removed.
  });
  const result = start ? await running : await Promise.race([running, afterPatience()]);
  if (result === 'late') {
    // Not waited for: its output stays open, since it has been handed to the server.
    running.kill('SIGKILL');
    return { ok: false, stdout: '', stderr: 'the tmux server does not answer' };
  }
  return {
    ok: result.exitCode === 0,
    stdout: result.stdout ?? '',
    stderr: result.stderr || result.shortMessage || '',
  };
}

function afterPatience(): Promise<'late'> {
  return sleep(patience, 'late', { ref: false });
}

/** The words of `commands` as tmux wants them: `;` between, and a `;` that ends a word made plain. */
export function argv(commands: Commands): string[] {
  return commands.flatMap((command, index) => [
    ...(index === 0 ? [] : [';']),
    ...command.map((word) => word.replace(/;$/, '\\;')),
  ]);
}

/** One word for sh. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** An environment in which tmux does not take itself for nested. */
export function withoutTmux(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { TMUX: _, TMUX_PANE: __, ...rest } = env;
  return rest;
}

/**
 * The absolute path of tmux: `named` where given (a path, or a name to look for), else from `PATH`.
 * @throws Refusal `program-missing`
 */
export function findTmux(env: NodeJS.ProcessEnv, named = 'tmux'): string {
  const candidates = named.includes('/')
    ? [isAbsolute(named) ? named : resolve(named)]
    : (env.PATH ?? '').split(delimiter).map((folder) => join(folder || '.', named));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return resolve(found);
  const hint = named === 'tmux' ? 'install tmux 3.2 or newer, or name it with --tmux PATH' : 'see --tmux';
  return refuse({ kind: 'program-missing', program: named, hint });
}

/** @throws Refusal `program-too-old`, `program-failed` */
export async function checkTmux(tmux: string): Promise<void> {
  await tmuxVersion(tmux);
}

/** What tmux says of itself, without its name: `3.3a`. @throws Refusal `program-too-old`, `program-failed` */
export async function tmuxVersion(tmux: string): Promise<string> {
  const result = await execa(tmux, ['-V'], { reject: false, stdin: 'ignore' });
  const version = (result.stdout ?? '').trim().replace(/^tmux /, '');
  const [, major, minor] = /^tmux (?:next-)?(\d+)\.(\d+)/.exec(result.stdout ?? '') ?? [];
  if (result.exitCode !== 0 || major === undefined) {
    if (result.exitCode === 0 && /^(master|openbsd-)/.test(version)) return version;
    const detail = result.stderr || result.stdout || result.shortMessage || '';
    refuse({ kind: 'program-failed', program: tmux, doing: 'telling its version', detail });
  }
  const [wantedMajor, wantedMinor] = floor;
  if (Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor))
    return version;
  return refuse({
    kind: 'program-too-old',
    program: 'tmux',
    found: `${major}.${minor}`,
    floor: floor.join('.'),
    reason: 'older ones would start a server for a late guest (no -N) and let their window shrink yours',
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
