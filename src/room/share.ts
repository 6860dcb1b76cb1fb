/**
 * Sharing an existing session of the host's, on the host's own server. What is changed for that time is kept in options
 * of the session itself, so whoever finds it can restore it, even after a crash.
 */
import { basename, dirname } from 'node:path';
import { refuse, usage } from '../domain/failure.ts';
import { announcementSettings } from './announce.ts';
import type { Room } from './claim.ts';
import { holdClients } from './hold.ts';
import { askForHooks, muteMovingHooks, unmuteHooks } from './host-hooks.ts';
import { ownSocket } from './own-server.ts';
import { clockCommand, type RoomOptions } from './room.ts';
import { segment, segmentWidth } from './status-segment.ts';
import { run } from './tmux.ts';
import { leftInShared } from './tmux-options.ts';
import { allowTooSmall, putOutTooSmall } from './too-small.ts';

/** The options that are changed; of a list, all entries. */
const changed = [
  'detach-on-destroy',
  'status',
  'status-right',
  'status-right-length',
  'status-format',
] as const;
const claim = '@tmuxpair-lease';
const version = ['display-message', '-p', '#{version}'] as const;
/** The names of those of {@link changed} that were set in the session itself. */
const before = '@tmuxpair-before';
/** Options for the former values: first those named in {@link before}, in that order, then others. */
const copies = '@tmuxpair-kept-';

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

/** The name of the room below one of `rooms` whose session this program runs in; `undefined` if it runs in none. */
export function roomAround(rooms: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const folder = dirname(env.TMUX?.split(',')[0] ?? '');
  return rooms.includes(dirname(folder)) ? basename(folder) : undefined;
}

/**
 * Takes the session for one pairing, and shows in it what a room shows.
 * @param stands whether a lease of this id stands
 * @throws Refusal `usage` if another pairing has it, `program-failed`
 */
export async function openShared(
  room: Room,
  lease: string,
  options: Pick<RoomOptions, 'clock' | 'deadline'>,
  stands: (lease: string) => boolean,
): Promise<void> {
  await claimSession(room, lease, stands);
  const here = scope(room);
  const own = (await setInSession(room)).filter(isChanged);
  const lines = await moreLines(room, own);
  const { ok, stdout, stderr } = await run(room, [
    ...[...own, ...lines].map((name, index) => copy(room, name, `${copies}${index}`)),
    ['set-option', ...here, before, own.join(' ')],
    // Otherwise a guest would end up in another session when this one ends.
    ['set-option', ...here, 'detach-on-destroy', 'on'],
    ['set-option', ...here, '@tmuxpair-until', String(options.deadline)],
    ['set-option', ...here, '-F', '@tmuxpair-right', '#{status-right}'],
    ['set-option', ...here, '-F', 'status-right-length', `#{e|+:#{status-right-length},${segmentWidth}}`],
    ['set-option', ...here, 'status-right', `${segment}#{T:@tmuxpair-right}`],
    ...announcementSettings(here),
    ...lines.map((name, index) => copy(room, `${copies}${own.length + index}`, name)),
    clockCommand(options.clock),
    ...askForHooks,
    version,
  ]);
  if (!ok) refuse({ kind: 'program-failed', program: 'tmux', doing: 'sharing the session', detail: stderr });
  await putOutTooSmall(room, stdout.split('\n').at(-1) ?? '');
  await muteMovingHooks(room, stdout);
}

/** Leaves the session as it was, if it is this lease's. */
export async function leaveShared(room: Room, lease: string): Promise<void> {
  const here = scope(room);
  if ((await optionOf(room, claim)) !== lease) return;
  const own = (await optionOf(room, before)).split(' ').filter(isChanged);
  const more = (await setInSession(room)).filter((name) => name.startsWith(copies));
  const { stdout } = await run(room, [
    ...changed.map((name) => ['set-option', ...here, '-qu', name]),
    ...own.map((name, index) => copy(room, `${copies}${index}`, name)),
    ...[...leftInShared, ...more].map((name) => ['set-option', ...here, '-qu', name]),
    version,
  ]);
  await unmuteHooks(room);
  await allowTooSmall(room, stdout);
  await holdClients(room, room.target, []);
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

/**
 * Has tmux copy the value that an option has in the session. We never read the value: tmux makes what it prints
 * printable (in a locale without UTF-8 a `_` stands for each other character, and tmux 3.4 writes `\$` for `$`).
 */
function copy(room: Room, from: string, to: string): readonly string[] {
  return ['set-option', ...scope(room), '-F', to, `#{${from}}`];
}

/** The names of the options that are set in the session itself; a list by its entries. */
async function setInSession(room: Room): Promise<string[]> {
  const { stdout } = await run(room, [['show-options', ...scope(room)]]);
  return stdout.split('\n').flatMap((line) => /^@?[a-z0-9-]+(\[\d+\])?(?= )/.exec(line)?.[0] ?? []);
}

function isChanged(name: string): boolean {
  return changed.some((one) => one === name.replace(/\[\d+\]$/, ''));
}

/**
 * The entries for the status lines below the first, which holds the announcements. A session that has one entry of a
 * list has none of the global ones, so it needs these, too.
 */
async function moreLines(room: Room, own: readonly string[]): Promise<string[]> {
  if (own.some((name) => name.startsWith('status-format'))) return [];
  const { stdout } = await run(room, [['show-options', '-g', 'status-format']]);
  return stdout.split('\n').flatMap((line) => /^status-format\[[1-9]\d*\]/.exec(line)?.[0] ?? []);
}

async function optionOf(room: Room, option: string): Promise<string> {
  return (await run(room, [['show-options', ...scope(room), '-qv', option]])).stdout;
}

function scope({ target }: Room): string[] {
  return ['-t', `${target}:`];
}
