/** The only place that builds tmux command lines and runs them. */
import { resolve } from 'node:path';
import { refuse } from '../domain/failure.ts';
import { capture } from '../spawn/capture.ts';
import { installHint } from '../system/installer.ts';
import { isExecutable, pathFolders, which } from '../system/which.ts';

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

/** 3.2 adds -N and client flags. */
const floor = [3, 2] as const;

/** How long, in ms, a running server may take to answer: one that hangs must not hold up the end. */
const timeoutMs = 2000;

/**
 * Runs commands on a server. Never starts one, unless `start` is given.
 * @param start `config` is read in place of the user's own configuration
 */
export async function run(
  server: Server,
  commands: Commands,
  start?: { env: NodeJS.ProcessEnv; cwd: string; readyMarker: string; config?: string },
): Promise<Output> {
  const config = start?.config === undefined ? [] : ['-f', start.config];
  const args = [...(start ? config : ['-N']), '-S', server.socket, ...argv(commands)];
  const { code, ...output } = await capture(server.tmux, args, {
    env: withoutTmux(start?.env ?? process.env),
    cwd: start ? start.cwd : '/', // Our own working directory may be gone.
    // A started server keeps the outputs open, so their end is not waited for.
    ...(start ? { readyMarker: start.readyMarker } : { timeoutMs }),
  });
  return { ok: code === 0, ...output };
}

/** The words of `commands` as tmux wants them: `;` between commands, and a `;` at the end of a word escaped. */
export function argv(commands: Commands): string[] {
  return commands.flatMap((command, index) => [
    ...(index === 0 ? [] : [';']),
    ...command.map((word) => word.replace(/;$/, '\\;')),
  ]);
}

/** An environment in which tmux does not believe itself nested. */
export function withoutTmux(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { TMUX: _, TMUX_PANE: __, ...rest } = env;
  return rest;
}

/**
 * The absolute path of tmux: `named` if given (a path, or a name to look for), else from `PATH`.
 * @throws Refusal `program-missing`
 */
export function findTmux(env: NodeJS.ProcessEnv, named = 'tmux'): string {
  const path = resolve(named);
  const found = named.includes('/') && isExecutable(path) ? path : which(named, pathFolders(env.PATH));
  if (found !== undefined) return found;
  const install = (): string => installHint('tmux', 'install tmux 3.2 or newer');
  const hint = named === 'tmux' ? `${install()}, or name it with --tmux PATH` : 'see --tmux';
  return refuse({ kind: 'program-missing', program: named, hint });
}

/** The version that tmux reports, without its name: `3.3a`. @throws Refusal `program-too-old`, `program-failed` */
export async function tmuxVersion(tmux: string): Promise<string> {
  const { code, stdout, stderr } = await capture(tmux, ['-V']);
  const version = stdout.trim().replace(/^tmux /, '');
  if (code !== 0 || version === stdout.trim())
    refuse({ kind: 'program-failed', program: tmux, doing: 'telling its version', detail: stderr || stdout });
  checkVersion(tmux, version);
  return version;
}

/**
 * @param version as tmux reports it, without its name
 * @throws Refusal `program-too-old`, `program-failed`
 */
export function checkVersion(tmux: string, version: string): void {
  if (/^(master|openbsd-)/.test(version)) return;
  const [, major, minor] = /^(?:next-)?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined)
    refuse({ kind: 'program-failed', program: tmux, doing: 'telling its version', detail: version });
  const [wantedMajor, wantedMinor] = floor;
  if (Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor)) return;
  refuse({
    kind: 'program-too-old',
    program: 'tmux',
    found: `${major}.${minor}`,
    floor: floor.join('.'),
    reason: 'older ones would start a server for a late guest (no -N) and let their window shrink yours',
  });
}
