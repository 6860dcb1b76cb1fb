import { mkdirSync, readlinkSync, rmdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../domain/failure.ts';
import type { LeaseId } from '../domain/lease-id.ts';
import { airlockCommands, timeLeft } from './airlock.ts';
import { type Commands, run, type Server } from './tmux.ts';

/** The tmux server and session that a pairing shares. */
export interface Room extends Server {
  readonly folder: string;
  /** Id of the lease whose room it is. */
  readonly lease: string;
  /** The session's name, `[A-Za-z0-9_-]`. */
  readonly session: string;
}

export interface RoomOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly size: { readonly columns: number; readonly rows: number };
  /** What runs in the session instead of the shell; empty for the shell. */
  readonly command: readonly string[];
  /** A program that the server runs beside the session from the start; it ends by itself, and says nothing. */
  readonly clock: string;
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
      return roomAt(folder, id, tmux);
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

/** The room in `folder`, as `lease` claimed it. */
export function roomAt(folder: string, lease: string, tmux: string): Room {
  return { tmux, folder, lease, session: basename(folder), socket: join(folder, 'tmux') };
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
  } else {
    await closeRoom(room);
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
    ['run-shell', '-b', `exec ${clock}`],
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

/** Shows one line on the status line of every client, or of the one on process `pid`. */
export async function announce(
  room: Room,
  text: string,
  options: { seconds: number; pid?: number | undefined },
): Promise<void> {
  const clients = await clientsOf(room);
  const to = clients.filter(({ pid }) => options.pid === undefined || pid === options.pid);
  if (to.length === 0) return;
  const plain = text.replaceAll('#', '##').replaceAll('%', '%%');
  await run(
    room,
    to.map(({ name }) => ['display-message', '-c', name, '-d', String(options.seconds * 1000), plain]),
  );
}

export async function clientsOf(room: Room): Promise<{ pid: number; name: string }[]> {
  const { stdout } = await run(room, [
    ['list-clients', '-t', `=${room.session}`, '-F', '#{client_pid} #{client_name}'],
  ]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [pid = '', name = ''] = line.split(' ');
      return { pid: Number(pid), name };
    });
}

/**
 * Whether a session still stands in the room, under whichever name: the host may have given it another. Where that
 * can't be told, as of a server that hangs, it counts as standing.
 */
export async function hasSession(room: Room): Promise<boolean> {
  for (const giveUp = Date.now() + 1000; Date.now() < giveUp; ) {
    const { ok, stdout, stderr } = await run(room, [['list-sessions']]);
    if (ok && stdout !== '') return true;
    if (/^(no server running on|error connecting to) /.test(stderr)) return false;
    await sleep(20); // A server on its way out answers, but has no session any more.
  }
  return true;
}

/** What the host types to get back into the session. */
export function reattachCommand(room: Room): string {
  return `tmux -S ${room.socket} attach`;
}

/** Ends the room's session, with what runs in it. */
export async function closeRoom(room: Room): Promise<void> {
  await run(room, [['kill-session', '-t', `=${room.session}`]]);
}

/** Gives the room back to the host: no claim, no segment in its status line. */
export async function leaveRoom(room: Room): Promise<'stays' | 'ended'> {
  const left = await clearRoom(room);
  unclaimRoom(room, left);
  return left;
}

/** Takes the segment out of the room's status line. @returns whether its session still stands */
export async function clearRoom(room: Room): Promise<'stays' | 'ended'> {
  const { ok } = await run(room, [['set-option', '-u', '-t', `=${room.session}:`, '@tmuxpair-until']]);
  return ok || (await hasSession(room)) ? 'stays' : 'ended';
}

/** Takes this lease's claim off the room, if it still has one, and removes the folder where its session has ended. */
export function unclaimRoom({ folder, lease, socket }: Room, left: 'stays' | 'ended'): void {
  const claim = join(folder, 'lease');
  try {
    if (readlinkSync(claim) !== lease) return;
    if (left === 'ended') rmSync(socket, { force: true });
    unlinkSync(claim);
    if (left === 'ended') rmdirSync(folder);
  } catch {
    // Somebody else's by now, or gone.
  }
}
