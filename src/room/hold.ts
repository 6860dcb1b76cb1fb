/**
 * Keeps guests' clients in their session. A tmux command that the host runs in a pane and that names no client is for
 * the client of latest activity. That may be a guest's: `tmux switch-client -t private` would show them another
 * session.
 */
import type { Room } from './claim.ts';
import { run } from './tmux.ts';

/** After anything that the host's own configuration may have in this hook. Each session has a place of its own. */
const place = 740_000;

/** The name of a client, if it can stand in a command. */
const plain = /^[\w/.-]+$/;

/**
 * Has the server bring these clients back at once, whatever moves them. tmux runs a hook before it draws again, so they
 * see nothing of the other session. Without names, removes the hook.
 * @param id the session's, as {@link sessionId} gives it
 */
export async function holdClients(room: Room, id: string, names: readonly string[]): Promise<void> {
  const hook = `client-session-changed[${place + Number(id.slice(1))}]`;
  const held = names.filter((name) => plain.test(name));
  const back = held.map(
    (name) =>
      `if-shell -F '#{&&:#{==:#{hook_client},${name}},#{!=:#{session_id},${id}}}' 'switch-client -c ${name} -t ${id}'`,
  );
  const command = held.length === 0 ? ['set-hook', '-gu', hook] : ['set-hook', '-g', hook, back.join(' ; ')];
  await run(room, [command]);
}

/**
 * Brings back a client that the server has not brought back: it was moved before it was held, or tmux 3.2 can't tell
 * for which client a hook runs.
 * @returns whether it is in the room at all
 */
export async function bringBack(room: Room, id: string, name: string): Promise<boolean> {
  return plain.test(name) && (await run(room, [['switch-client', '-c', name, '-t', id]])).ok;
}

/** The clients that are in other sessions of the room's server: their names, by pid. @param id the room's session */
export async function clientsElsewhere(room: Room, id: string): Promise<Map<number, string>> {
  const format = '#{client_pid} #{session_id} #{client_name}';
  const { ok, stdout } = await run(room, [['list-clients', '-F', format]]);
  const all = ok ? stdout.split('\n').map((line) => line.split(' ')) : [];
  return new Map(
    all.flatMap(([pid, session, ...name]) => (session === id ? [] : [[Number(pid), name.join(' ')]])),
  );
}

/** The id of the room's session in tmux, whatever its name; `undefined` if there is none. */
export async function sessionId(room: Room): Promise<string | undefined> {
  const isId = (text: string): boolean => /^\$\d+$/.test(text);
  if (isId(room.target)) return room.target; // It may have ended: what was set for it is found all the same.
  const { stdout } = await run(room, [['display-message', '-p', '-t', `${room.target}:`, '#{session_id}']]);
  return isId(stdout) ? stdout : undefined;
}
