/** Sharing a session that the host has already, on the host's own server. */

import { refuse, usage } from '../domain/failure.ts';
import { announcementSettings } from './announce.ts';
import { clockCommand, type Room, type RoomOptions, segment } from './room.ts';
import { type Commands, run, type Server } from './tmux.ts';

/** How the host's session is to be left. */
export type Restore = Commands;

/**
 * The session `name` on the host's server, or the one that `TMUX` and `TMUX_PANE` say this program runs in.
 * @throws Refusal `usage` where there is none, or not that one
 */
export async function findShared(tmux: string, env: NodeJS.ProcessEnv, name?: string): Promise<Room> {
  const server: Server = { tmux, socket: env.TMUX?.split(',')[0] ?? defaultSocket(env) };
  const target = name === undefined ? (env.TMUX_PANE ?? '') : `=${name}:`;
  const found = await run(server, [['display-message', '-p', '-t', target, '#{session_id} #{session_name}']]);
  const [, id, session] = /^(\$\d+) (.*)$/.exec(found.stdout) ?? [];
  if (!found.ok || id === undefined || session === undefined) {
    return usage(
      name === undefined
        ? 'there is no tmux session here to share'
        : `there is no session ${JSON.stringify(name)} to share`,
      'see which there are: tmux list-sessions',
    );
  }
  return { ...server, session, target: id };
}

/** @returns what {@link leaveShared} needs to leave the session as it was */
export async function openShared(
  room: Room,
  options: Pick<RoomOptions, 'clock' | 'deadline'>,
): Promise<Restore> {
  const here = ['-t', `${room.target}:`];
  const names = ['detach-on-destroy', 'status-right', 'status-right-length', 'status-format'];
  const { stdout } = await run(
    room,
    names.map((name) => ['show-options', ...here, name]),
  );
  const own = new Set(stdout.split('\n').map((line) => line.split(/[ [*]/)[0]));
  const undo = names.filter((name) => !own.has(name));
  const show: Commands = own.has('status-right')
    ? []
    : [
        ['set-option', ...here, '-F', '@tmuxpair-right', '#{status-right}'],
        ['set-option', ...here, '-F', 'status-right-length', '#{e|+:#{status-right-length},24}'],
        ['set-option', ...here, 'status-right', `${segment}#{T:@tmuxpair-right}`],
      ];
  const { ok, stderr } = await run(room, [
    // Else a guest would find themselves in another session when this one ends.
    ['set-option', ...here, 'detach-on-destroy', 'on'],
    ['set-option', ...here, '@tmuxpair-until', String(options.deadline)],
    ...show,
    ...(own.has('status-format') ? [] : announcementSettings(here)),
    clockCommand(options.clock),
  ]);
  if (!ok) refuse({ kind: 'program-failed', program: 'tmux', doing: 'sharing the session', detail: stderr });
  return undo.map((name) => ['set-option', '-qu', ...here, name]);
}

function defaultSocket(env: NodeJS.ProcessEnv): string {
  return `${env.TMUX_TMPDIR || '/tmp'}/tmux-${process.geteuid?.() ?? 0}/default`;
}
