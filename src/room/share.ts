/**
 * Sharing a session that the host has already, on the host's own server. What is changed of it for that time is kept in
 * options of the session itself, so that it can be left as it was by whoever finds it, also after a crash.
 */
import { basename, dirname } from 'node:path';
import { refuse, usage } from '../domain/failure.ts';
import { announcementSettings, segment } from './announce.ts';
import { ownSocket } from './own-server.ts';
import { clockCommand, type Room, type RoomOptions } from './room.ts';
import { type Commands, run } from './tmux.ts';

/** The options that are changed; of a list, all of it. */
const changed = ['detach-on-destroy', 'status-right', 'status-right-length', 'status-format'] as const;
const claim = '@tmuxpair-lease';
/** What {@link changed} were before in the session itself, as JSON; those that were not set in it are absent. */
const before = '@tmuxpair-before';
const ours = [claim, before].concat(
  ['until', 'guests', 'right', 'format', 'to', 'said', 'said-id'].map((name) => `@tmuxpair-${name}`),
);

/**
 * The session `name` on the host's server, or the one that `TMUX` and `TMUX_PANE` say this program runs in.
 * @throws Refusal `usage` if there is none, or not that one, or somebody else's server could answer
 */
export async function findShared(tmux: string, env: NodeJS.ProcessEnv, name?: string): Promise<Room> {
  const target = name === undefined ? (env.TMUX_PANE ?? '') : `=${name}:`;
  const socket = ownSocket(env);
  const find = ['display-message', '-p', '-t', target, '#{session_id} #{session_name}'];
  const found = socket === undefined ? undefined : await run({ tmux, socket }, [find]);
  const [, id, session] = /^(\$\d+) (.*)$/.exec(found?.stdout ?? '') ?? [];
  if (!found?.ok || socket === undefined || id === undefined || session === undefined) {
    return usage(
      name === undefined
        ? 'there is no tmux session here to share'
        : `there is no session ${JSON.stringify(name)} to share`,
      'see which there are: tmux list-sessions',
    );
  }
  return { tmux, socket, session, target: id };
}

/** The name of the room below one of `rooms` whose session this program runs in; `undefined` elsewhere. */
export function roomAround(rooms: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const folder = dirname(env.TMUX?.split(',')[0] ?? '');
  return rooms.includes(dirname(folder)) ? basename(folder) : undefined;
}

/**
 * Takes the session for one pairing and shows there what a room shows.
 * @param stands whether a lease of this id stands
 * @throws Refusal `usage` where another pairing has it, `program-failed`
 */
export async function openShared(
  room: Room,
  lease: string,
  options: Pick<RoomOptions, 'clock' | 'deadline'>,
  stands: (lease: string) => boolean,
): Promise<void> {
  await claimSession(room, lease, stands);
  const here = scope(room);
  const own = await ownOptions(room);
  const { ok, stderr } = await run(room, [
    ['set-option', ...here, before, JSON.stringify(Object.fromEntries(own))],
    // Else a guest would find themselves in another session when this one ends.
    ['set-option', ...here, 'detach-on-destroy', 'on'],
    ['set-option', ...here, '@tmuxpair-until', String(options.deadline)],
    ['set-option', ...here, '-F', '@tmuxpair-right', '#{status-right}'],
    ['set-option', ...here, '-F', 'status-right-length', '#{e|+:#{status-right-length},24}'],
    ['set-option', ...here, 'status-right', `${segment}#{T:@tmuxpair-right}`],
    ...(await moreStatusLines(room, own)),
    clockCommand(options.clock),
  ]);
  if (!ok) refuse({ kind: 'program-failed', program: 'tmux', doing: 'sharing the session', detail: stderr });
}

/** Leaves the session as it was, where it is this lease's. */
export async function leaveShared(room: Room, lease: string): Promise<void> {
  const here = scope(room);
  if ((await optionOf(room, claim)) !== lease) return;
  const own = Object.entries(parse(await optionOf(room, before)));
  await run(room, [
    ...changed.map((name) => ['set-option', ...here, '-qu', name]),
    ...own.map(([name, value]) => ['set-option', ...here, name, value]),
    ...ours.map((name) => ['set-option', ...here, '-qu', name]),
  ]);
}

async function claimSession(room: Room, lease: string, stands: (lease: string) => boolean): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { ok, stderr } = await run(room, [['set-option', ...scope(room), '-o', claim, lease]]);
    if (ok) return;
    const holder = await optionOf(room, claim);
    if (holder !== '' && stands(holder)) {
      usage(
        `the session ${room.session} is shared already, by pairing ${holder}`,
        'let more guests into that one: tmuxpair invite',
      );
    }
    if (attempt === 3)
      refuse({ kind: 'program-failed', program: 'tmux', doing: 'sharing the session', detail: stderr });
    await leaveShared(room, holder);
  }
}

/** Those of {@link changed} that are set in the session itself, by name; a list by its entries. */
async function ownOptions(room: Room): Promise<Map<string, string>> {
  const { stdout } = await run(room, [['show-options', ...scope(room)]]);
  const names = stdout.split('\n').flatMap((line) => /^[a-z-]+(\[\d+\])?(?= )/.exec(line)?.[0] ?? []);
  const mine = names.filter((name) => changed.some((one) => one === name.replace(/\[.*/, '')));
  const values = await Promise.all(mine.map(async (name) => [name, await optionOf(room, name)] as const));
  return new Map(values);
}

/**
 * Announcements in the first line of the status. A session that has one entry of a list has none of the global ones, so
 * the others are given to it, too.
 */
async function moreStatusLines(room: Room, own: ReadonlyMap<string, string>): Promise<Commands> {
  const first = announcementSettings(scope(room));
  if ([...own.keys()].some((name) => name.startsWith('status-format'))) return first;
  const { stdout } = await run(room, [['show-options', '-g', 'status-format']]);
  const more = stdout.split('\n').flatMap((line) => /^status-format\[[1-9]\d*\]/.exec(line)?.[0] ?? []);
  const lines = await Promise.all(
    more.map(async (name) => {
      const { stdout: value } = await run(room, [['show-options', '-gv', name]]);
      return ['set-option', ...scope(room), name, value];
    }),
  );
  return [...first, ...lines];
}

async function optionOf(room: Room, option: string): Promise<string> {
  return (await run(room, [['show-options', ...scope(room), '-qv', option]])).stdout;
}

function parse(text: string): Record<string, string> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function scope({ target }: Room): string[] {
  return ['-t', `${target}:`];
}
