import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '../domain/failure.ts';
import { shWord } from '../domain/sh-word.ts';
import { airlockCommands } from './airlock.ts';
import { announcementSettings } from './announce.ts';
import { type Room, unclaimRoom } from './claim.ts';
import { holdClients, sessionId } from './hold.ts';
import { askForHooks, muteMovingHooks, unmuteHooks } from './host-hooks.ts';
import { askForMenuKey, unbindMenuKey } from './menu-key.ts';
import { segment, segmentWidth } from './status-segment.ts';
import { type Commands, checkVersion, run, tmuxVersion } from './tmux.ts';
import { leftInRoom } from './tmux-options.ts';
import { putOutTooSmall } from './too-small.ts';

export interface RoomOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly size: { readonly columns: number; readonly rows: number };
  /** What runs in the session instead of the shell; empty for the shell. */
  readonly command: readonly string[];
  /** A program that the server runs beside the session from the start. It ends by itself, and prints nothing. */
  readonly clock: string;
  /** Epoch seconds. */
  readonly deadline: number;
}

/**
 * Starts the session, or takes up the one that an earlier pairing left, in which a command gets a window of its own.
 * Then sets, on top of the user's own configuration, what our promise needs. A new session takes one tmux invocation,
 * in which the server also reports its version.
 * @throws Refusal `program-failed`, `program-too-old`
 */
export async function openRoom(room: Room, options: RoomOptions): Promise<'new' | 'taken up'> {
  const size = ['-x', String(options.size.columns), '-y', String(options.size.rows)];
  const command = options.command.length === 0 ? [] : ['--', ...options.command];
  // If one command fails, the rest is left out. What a user's own configuration prints comes before.
  const readyMarker = ` is open (${room.socket})\n`;
  const settings = [
    ...roomSettings(room, options),
    ...askForHooks,
    ['display-message', '-p', `#{version}${readyMarker.trimEnd()}`],
  ];
  // tmux is run in this folder: -c would run what is in a name like `#(rm x)`.
  const at = { env: options.env, cwd: options.cwd, readyMarker };
  const opened = await run(
    room,
    [['new-session', '-d', '-s', room.session, ...size, ...command], ...settings],
    at,
  );
  if (opened.ok) {
    const version = versionSaid(opened.stdout);
    checkVersion(room.tmux, version);
    await putOutTooSmall(room, version);
    await muteMovingHooks(room, opened.stdout);
    return 'new';
  }
  if (/duplicate session/.test(opened.stderr)) {
    const window = command.length === 0 ? [] : [['new-window', '-t', `${room.target}:`, ...command]];
    const taken = await run(room, [...window, ...settings], at);
    if (taken.ok) {
      await putOutTooSmall(room, versionSaid(taken.stdout));
      await muteMovingHooks(room, taken.stdout);
      return 'taken up';
    }
  } else {
    await closeRoom(room);
    await tmuxVersion(room.tmux); // One that is too old may not know these commands.
  }
  return refuse({
    kind: 'program-failed',
    program: 'tmux',
    doing: 'starting the session',
    detail: opened.stderr,
  });
}

/** Finds the version in what tmux said when a room was opened. */
function versionSaid(stdout: string): string {
  const last = stdout.split('\n').at(-1) ?? '';
  return last.replace(/ is open .*/, '').replace(/^tmux /, '');
}

function roomSettings(room: Room, { clock, deadline }: RoomOptions): Commands {
  const here = ['-t', `${room.target}:`];
  return [
    ['set-option', ...here, 'detach-on-destroy', 'on'],
    ['set-option', ...here, 'destroy-unattached', 'off'],
    ['set-option', '-s', 'exit-unattached', 'off'],
    ['set-option', ...here, '@tmuxpair-until', String(deadline)],
    // Keeps anybody from taking it for a session of the host's that can be shared.
    ['set-option', ...here, '@tmuxpair-lease', room.claim?.lease ?? ''],
    // The user's own status line stays as it is, to the right of ours. Only once: the room may be taken up again.
    ['set-option', '-goqF', '@tmuxpair-length', `#{e|+:#{status-right-length},${segmentWidth}}`],
    ['set-option', '-goqF', '@tmuxpair-right', '#{status-right}'],
    ['set-option', '-gF', 'status-right-length', '#{@tmuxpair-length}'],
    ['set-option', '-g', 'status-right', `${segment}#{T:@tmuxpair-right}`],
    ...announcementSettings(['-g']),
    clockCommand(clock),
  ];
}

/**
 * Has the server start the clock after a second, which the clock would wait first anyway. Starting it takes the server
 * some milliseconds, in which it serves nobody. By then the script may be gone.
 */
export function clockCommand(clock: string): readonly string[] {
  // tmux 3.5 runs it in the user's own shell, which may be anything.
  return ['run-shell', '-b', '-d', '1', `exec /bin/sh -c '[ ! -f ${clock} ] || exec /bin/sh ${clock}'`];
}

/** Starts the clock of a room again. */
export async function startClock(room: Room, clock: string): Promise<void> {
  await run(room, [clockCommand(clock)]);
}

/**
 * The sh commands by which a gate enters the room, by access. Each one execs. `folder` is a safe token. Drawing for
 * viewers gives way to the host's own programs.
 */
export function enterCommands(room: Room, folder: string): { write: string; airlock: string; look: string } {
  const tmux = shWord(room.tmux);
  const inRoom = `exec ${tmux} -u -N -S ${shWord(room.socket)} attach-session -E`;
  return {
    write: `${inRoom} -f ignore-size -t ${shWord(room.target)}`,
    look: `${inRoom} -r -t ${shWord(room.target)}`,
    airlock: `exec nice -n 10 ${tmux} -u -f /dev/null -S "$dir/air/$$" ${airlockCommands({ gate: `${folder}/gate` }).sh}`,
  };
}

/**
 * Whether a session still exists in the room, under any name: the host may have renamed it. If that can't be told, for
 * example because the server hangs, it counts as existing.
 */
export async function hasSession(room: Room): Promise<boolean> {
  const list = room.claim ? ['list-sessions'] : ['has-session', '-t', room.target];
  for (const giveUp = performance.now() + 1000; performance.now() < giveUp; ) {
    const { ok, stdout, stderr } = await run(room, [list]);
    if (ok && (stdout !== '' || !room.claim)) return true;
    if (/^(no server running on|error connecting to|can't find session)/.test(stderr)) return false;
    await sleep(20); // A server that is about to end answers, but has no session any more.
  }
  return true;
}

/** What the host types to get back into the session. */
export function reattachCommand({ claim, socket, session }: Room): string {
  return `tmux -S ${socket} attach${claim ? '' : ` -t ${session}`}`;
}

/** Ends the room's session and what runs in it, and gives up the room. */
export async function closeRoom(room: Room): Promise<void> {
  await run(room, [['kill-session', '-t', room.target]]);
  if (await hasSession(room)) await leaveRoom(room);
  else unclaimRoom(room, 'ended');
}

/** Gives the room back to the host: nothing of ours on the status line, no key, no claim. */
export async function leaveRoom(room: Room): Promise<void> {
  unclaimRoom(room, await clearRoom(room));
}

/** Takes what we show off the status line. @returns whether the session still exists */
export async function clearRoom(room: Room): Promise<'stays' | 'ended'> {
  const unset = leftInRoom.map((name) => ['set-option', '-qu', '-t', `${room.target}:`, name]);
  const { ok, stdout } = await run(room, [...askForMenuKey, ...unset]);
  await unmuteHooks(room);
  await unbindMenuKey(room, stdout);
  const id = await sessionId(room);
  if (id !== undefined) await holdClients(room, id, []);
  return ok || (await hasSession(room)) ? 'stays' : 'ended';
}
