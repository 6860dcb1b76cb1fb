import { mkdirSync, readlinkSync, rmdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../domain/failure.ts';
import type { LeaseId } from '../domain/lease-id.ts';
import { airlockCommands, timeLeft } from './airlock.ts';
import { announcementSettings } from './announce.ts';
import { type Commands, run, type Server } from './tmux.ts';

/** The tmux server and session that a pairing shares. */
export interface Room extends Server {
  readonly folder: string;
  /** The session's name, `[A-Za-z0-9_-]`. */
  readonly session: string;
}

export interface RoomOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly size: { readonly columns: number; readonly rows: number };
  /** What runs in the session instead of the shell; empty for the shell. */
  readonly command: readonly string[];
  /** Run by the server at the deadline (see `clock` in the lease's folder). */
  readonly clock: { readonly program: string; readonly seconds: number };
  /** Epoch seconds. */
  readonly deadline: number;
}

/**
 * Takes the room `name` for one pairing; where no name was asked for, the first of `pair`, `pair-2`, … that no
 * live pairing has. The claim is a symbolic link, which only one of two can make.
 */
export function claimRoom(rooms: string, tmux: string, id: LeaseId, name?: string): Room {
  for (let n = 1; ; n++) {
    const session = name ?? (n === 1 ? 'pair' : `pair-${n}`);
    const folder = join(rooms, session);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      symlinkSync(id, join(folder, 'lease'));
      return { tmux, folder, session, socket: join(folder, 'tmux') };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') continue; // Its last user has just removed the folder.
      if (code !== 'EEXIST') throw error;
      if (name === undefined) continue;
      refuse({
        kind: 'usage',
        problem: `the session ${name} is shared already, by pairing ${readlinkSync(join(folder, 'lease'))}`,
        hint: 'give this one another name with --session',
      });
    }
  }
}

/**
 * Starts the session, or takes up the one that an earlier pairing left, and sets on top of the user's own
 * configuration what our promise needs. One tmux invocation for a new session.
 * @throws Refusal `program-failed`
 */
export async function openRoom(room: Room, options: RoomOptions): Promise<'new' | 'taken up'> {
  const size = ['-x', String(options.size.columns), '-y', String(options.size.rows)];
  const start = ['new-session', '-d', '-s', room.session, ...size, '-c', options.cwd, ...options.command];
  const settings = roomSettings(room, options);
  const opened = await run(room, [start, ...settings], { env: options.env, cwd: options.cwd });
  if (opened.ok) return 'new';
  if (/duplicate session/.test(opened.stderr)) {
    const taken = await run(room, settings);
    if (taken.ok) return 'taken up';
  }
  return refuse({
    kind: 'program-failed',
    program: 'tmux',
    doing: 'starting the session',
    detail: opened.stderr,
  });
}

function roomSettings(room: Room, { clock, deadline }: RoomOptions): Commands {
  const here = ['-t', `=${room.session}:`];
  const segment = `#{?@tmuxpair-until,[pairing ${timeLeft('@tmuxpair-until')}] ,}`;
  return [
    ['set-option', ...here, 'detach-on-destroy', 'on'],
    ['set-option', ...here, 'destroy-unattached', 'off'],
    ['set-option', '-s', 'exit-unattached', 'off'],
    ['set-option', ...here, '@tmuxpair-until', String(deadline)],
    // The user's own status line stays as it is, to the right of ours. Once: the room may be taken up again.
    ['set-option', '-goqF', '@tmuxpair-length', '#{e|+:#{status-right-length},24}'],
    ['set-option', '-goqF', '@tmuxpair-right', '#{status-right}'],
    ['set-option', '-gF', 'status-right-length', '#{@tmuxpair-length}'],
    ['set-option', '-g', 'status-right', `${segment}#{T:@tmuxpair-right}`],
    ...announcementSettings,
    ['run-shell', '-b', '-d', String(clock.seconds), `[ ! -x ${clock.program} ] || exec ${clock.program}`],
  ];
}

/** The sh commands by which a gate enters the room, by access. Each execs. Paths are safe tokens. */
export function enterCommands(room: Room, folder: string): { write: string; airlock: string; look: string } {
  const inRoom = `exec ${room.tmux} -u -N -S ${room.socket} attach-session -E`;
  return {
    write: `${inRoom} -f ignore-size -t =${room.session}`,
    look: `${inRoom} -r -t =${room.session}`,
    airlock: `exec ${room.tmux} -u -f /dev/null -S "$dir/air/$$" ${airlockCommands({ gate: `${folder}/gate` }).sh}`,
  };
}

export async function hasSession(room: Room): Promise<boolean> {
  return (await run(room, [['has-session', '-t', `=${room.session}`]])).ok;
}

/** What the host types to get back into the session. */
export function reattachCommand(room: Room): string {
  return `tmux -S ${room.socket} attach`;
}

/** Gives the room back to the host: no claim, no segment in its status line. */
export async function leaveRoom(room: Room): Promise<'stays' | 'ended'> {
  const { ok } = await run(room, [['set-option', '-u', '-t', `=${room.session}:`, '@tmuxpair-until']]);
  unclaimRoom(room.folder, !ok);
  return ok ? 'stays' : 'ended';
}

/** Ends a room that nobody has been in. */
export async function closeRoom(room: Room): Promise<void> {
  await run(room, [['kill-session', '-t', `=${room.session}`]]);
  unclaimRoom(room.folder, true);
}

/** Takes the claim off a room's folder, and removes the folder where its session has ended. */
export function unclaimRoom(folder: string, ended: boolean): void {
  if (ended) rmSync(join(folder, 'tmux'), { force: true });
  try {
    unlinkSync(join(folder, 'lease'));
    if (ended) rmdirSync(folder);
  } catch {
    // Somebody else's by now, or gone.
  }
}
