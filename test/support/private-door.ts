import type { Stage } from './fixture.ts';
import type { Destination } from './guest.ts';
import type { Process } from './processes.ts';
import type { Terminal, TerminalOptions } from './terminal.ts';

/** What a stage needs for a door of the program's own: a `/dev/pts` in which a plain user's sshd can make terminals. */
export const forPrivateDoor = { account: { devpts: 'good' } } as const;

/** A pairing as the host sees it, and what a guest is told to type. */
export interface Invited {
  readonly host: Terminal;
  /** The printed ssh line. */
  readonly line: string;
  readonly destination: Destination;
}

/** Starts a pairing, with a window wide enough for the guest's line, and waits until the host is in the room. */
export async function invite(
  stage: Stage,
  args: readonly string[],
  options: TerminalOptions = {},
): Promise<Invited> {
  const host = await stage.start(['--host', '127.0.0.1', ...args], { columns: 200, ...options });
  const screen = await host.waitFor(/your guest types: ssh /, { timeout: 45_000 }).catch(async (error) => {
    throw new Error(`no pairing: ${error instanceof Error ? error.message : error}`);
  });
  const [, line = ''] = /your guest types: (ssh .*)$/m.exec(screen) ?? [];
  return { host, line, destination: destinationOf(line) };
}

/** Where a printed line leads. */
export function destinationOf(line: string): Destination {
  const [, port = '22'] = / -p (\d+)/.exec(line) ?? [];
  const [, user = '', host = ''] = / (\S+)@(\S+)$/.exec(line) ?? [];
  return { host, port: Number(port), user };
}

/** The sshd processes of the program's own door: the host's, and not below the stage's sshd. */
export function doorProcesses(stage: Stage): Process[] {
  return stage
    .processes()
    .filter(({ cmd, ppid }) => /^(sshd|sshd-session)\b/.test(cmd) && ppid !== stage.sshd.pid);
}
