import type { Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { type Live, liveOf } from '../support/live.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import type { Build } from './programs.ts';

/** Starts a pairing of this build with the host in a terminal, and waits until they are in the room. */
export async function pairAs(stage: Stage, build: Build, args: readonly string[]): Promise<Live> {
  const command = [build.file, ...build.args, '--port', String(stage.sshd.port), ...args];
  const host = await stage.terminal(command);
  return liveOf(stage, host, host.pid).catch(async (error: unknown) => {
    throw new Error(`no pairing:\n${await host.transcript()}`, { cause: error });
  });
}

/** What a pairing is measured against: a session of the host's, with the host in it, and nothing more. */
export interface Bare {
  readonly host: Terminal;
  /** Runs a tmux command on its server. */
  readonly tmux: (...command: string[]) => Promise<string>;
}

/**
 * Starts `command` in a session and lets guests into it by a forced command, as one would by hand. Before any pairing,
 * so that the lines are the host's own to it.
 */
export async function bareHost(
  stage: Stage,
  guests: readonly Guest[],
  command: readonly string[],
): Promise<Bare> {
  const socket = `${stage.account.scratch}/bare`;
  const forced = `restrict,pty,command="tmux -S ${socket} attach -t =bare"`;
  await stage.writeKeys(guests.map(({ identity }) => `${forced} ${identity.publicKey}\n`).join(''));
  const host = await stage.terminal(['tmux', '-S', socket, 'new-session', '-s', 'bare', ...command]);
  const tmux = (...words: string[]) => stage.account.demand('tmux', ['-N', '-S', socket, ...words]);
  const attached = () => tmux('list-clients').catch(() => '');
  await until(attached, { what: 'the host in the bare session' });
  return { host, tmux };
}
