import { join } from 'node:path';
import { toWire } from '../control/wire.ts';
import type { PairIntent } from '../domain/intent.ts';
import { resolveGuests } from '../guests/guests.ts';
import { runDirectories } from '../lease/run-directory.ts';
import { confirmSharing, pair } from '../pairing/pairing.ts';
import { onStopSignals, unlessStopped } from '../pairing/stop.ts';
import { roomAround } from '../room/share.ts';
import type { Terminal } from '../ui/terminal.ts';
import { startSupervisor } from './background.ts';
import { exitCodeOf } from './exit-code.ts';
import { manners, terminalOf } from './surroundings.ts';

export interface PairCommand {
  readonly intent: PairIntent;
  /** Return as soon as the pairing is live, and supervise it from the background. */
  readonly background: boolean;
  /** Questions are answered yes beforehand, but for new keys. */
  readonly yes: boolean;
}

/**
 * Runs a pairing in this terminal, or starts one in the background.
 * @param self the command that runs this program
 * @returns the exit code
 * @throws Refusal; Stopped
 */
export async function pairCommand(
  command: PairCommand,
  terminal: Terminal,
  self: readonly string[],
): Promise<number> {
  const stop = onStopSignals();
  const { env } = process;
  const { background, yes } = command;
  const intent = inOwnRoom(command.intent, env);
  const readsInput = intent.references.some(({ provider }) => provider === 'stdin');
  const world = {
    env,
    cwd: process.cwd(),
    ...terminalOf(stop, readsInput),
    stop,
    emit: terminal.event,
    ...manners,
    self,
  };
  if (intent.share && intent.access === 'read-write' && !yes) await confirmSharing(world.ask);
  if (!background) {
    const { signal } = await pair(intent, world);
    return signal ? exitCodeOf(signal) : 0;
  }
  const { guests, remember } = await unlessStopped(stop, resolveGuests(intent, world));
  const orders = { intent, guests: guests.map(toWire), size: world.size };
  const exit = await startSupervisor(orders, terminal, self, stop);
  if (exit === 0) await remember();
  return exit;
}

/** Who is in the room of an earlier pairing has a session on a server of its own, and takes that up again. */
function inOwnRoom(intent: PairIntent, env: NodeJS.ProcessEnv): PairIntent {
  const rooms = runDirectories(env).map((root) => join(root, 'rooms'));
  const session = intent.share === 'here' ? roomAround(rooms, env) : undefined;
  if (session === undefined) return intent;
  const { share: _, ...rest } = intent;
  return { ...rest, session };
}
