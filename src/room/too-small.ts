import { smallestTerminal as least } from '../domain/terminal-size.ts';
import { type Commands, run, type Server } from './tmux.ts';

/** After anything that the host's own configuration may have in these hooks. */
const place = 7300;

/**
 * Has guests put out whose terminals become too small for the gate, if this tmux would otherwise end with all its
 * sessions. From 3.8 on tmux ends when it draws for an `ignore-size` client that has no line but those of the status.
 * tmux can't be asked whether it does. Hooks run before the next drawing.
 * @param version as tmux reports it
 */
export async function putOutTooSmall(server: Server, version: string): Promise<void> {
  if (endsByTooSmall(version)) await run(server, hooks('-g'));
}

/** Removes the hooks. */
export async function allowTooSmall(server: Server, version: string): Promise<void> {
  if (endsByTooSmall(version)) await run(server, hooks('-gu'));
}

export function endsByTooSmall(version: string): boolean {
  const [, major, minor] = /^(?:next-)?(\d+)\.(\d+)/.exec(version) ?? [];
  // A development version counts as the newest.
  return major === undefined || Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 8);
}

function hooks(flags: '-g' | '-gu'): Commands {
  return ['client-attached', 'client-resized'].map((hook) => [
    ...['set-hook', flags, `${hook}[${place}]`],
    ...(flags === '-g' ? [check] : []),
  ]);
}

/** In a hook, only `hook_client` refers to the client that it runs for. */
const isTooSmall = `#{L:#{?#{&&:#{==:#{client_name},#{hook_client}},#{&&:#{m:*ignore-size*,#{client_flags}},#{||:#{e|<:#{client_width},${least.columns}},#{e|<:#{client_height},${least.rows}}}}},yes,}}`;
const said = `tmuxpair: your window has become too small: ${least.columns}x${least.rows} at least`;
/** Suspended first, since tmux draws for a client until it has gone. */
const putOut = `suspend-client -t #{hook_client} ; detach-client -t #{hook_client} -E "exec echo '${said}'"`;
const check = `if-shell -F '${isTooSmall}' { run-shell -C ${JSON.stringify(putOut)} }`;
