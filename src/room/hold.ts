/**
 * Keeps guests' clients in their session. What the host runs in a pane is for tmux's client of latest activity unless it
 * names one, and that may be a guest's: `tmux switch-client -t private` would show them another session.
 */
import type { Room } from './claim.ts';
import { run } from './tmux.ts';

/** Behind what the host's own configuration may have in this hook; each session has a place of its own. */
const place = 740_000;

/** What tmux calls a terminal, as far as it can stand in a command. */
const plain = /^[\w/.-]+$/;

/**
 * Has the server bring these clients back at once, whatever moves them. Tmux runs a hook before it draws again, so that they
 * see nothing of the other session. With none nothing is left of it.
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
 * Brings a client back that the server has not: it was moved before it was held, or tmux 3.2 can't tell a hook whose it is.
 * @returns whether it is in the room at all
 */
export async function bringBack(room: Room, id: string, name: string): Promise<boolean> {
  return plain.test(name) && (await run(room, [['switch-client', '-c', name, '-t', id]])).ok;
}

/** What tmux knows the room's session by, whatever its name; `undefined` if there is none. */
export async function sessionId(room: Room): Promise<string | undefined> {
  const isId = (text: string): boolean => /^\$\d+$/.test(text);
  if (isId(room.target)) return room.target; // It may have ended: what was set of it is found all the same.
  const { stdout } = await run(room, [['display-message', '-p', '-t', `${room.target}:`, '#{session_id}']]);
  return isId(stdout) ? stdout : undefined;
}
