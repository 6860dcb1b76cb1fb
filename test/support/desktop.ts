import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Account } from './account.ts';
import { makeCleanup, orUndo } from './cleanup.ts';
import type { Environment } from './execute.ts';
import { stop } from './secret-service.ts';
import { until } from './wait.ts';

/** An account's desktop session, as far as keys go: a session bus, and gnome-keyring on it where it was started. */
export interface Desktop extends AsyncDisposable {
  /** What a program in the session has more in its environment than one outside. */
  readonly env: Environment;
  /** Starts gnome-keyring; `unlocked` also makes the keyring, if there is none. */
  readonly keyring: (state: 'unlocked' | 'locked') => Promise<ChildProcess>;
  /** What `secret-tool search` shows of the program's entries. */
  readonly entries: () => Promise<string>;
  readonly secretTool: (...args: string[]) => Promise<string>;
}

/** Starts a bus by `dbus-run-session`, on which nothing is started on demand: what a machine has installed is no matter. */
export async function startDesktop(account: Account): Promise<Desktop> {
  const cleanup = makeCleanup();
  return orUndo(cleanup, async () => {
    const folder = (await account.demand('mktemp', ['-d', `${account.scratch}/bXXXXXX`])).trim();
    const config = `${folder}/bus.conf`;
    await account.demand('tee', [config], { input: busConfig(folder) });
    const session = account.spawn(
      'dbus-run-session',
      [`--config-file=${config}`, '--', 'sh', '-c', 'echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat'],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    cleanup.defer(() => end(session));
    const env = { DBUS_SESSION_BUS_ADDRESS: await firstLine(session) };
    const demand = (file: string, args: readonly string[]) => account.demand(file, args, { env });
    return {
      env,
      keyring: async (state) => {
        const args = ['--foreground', '--components=secrets', ...(state === 'unlocked' ? ['--unlock'] : [])];
        const daemon = account.spawn('gnome-keyring-daemon', args, {
          env,
          stdio: ['pipe', 'ignore', 'ignore'],
        });
        cleanup.defer(() => stop(daemon));
        daemon.stdin?.end(state === 'unlocked' ? 'test' : '');
        const answers = async () => (await account.exec('dbus-send', ping, { env })).exitCode === 0;
        await until(async () => daemon.exitCode !== null || (await answers()), {
          what: 'the secret service',
        });
        if (daemon.exitCode !== null) throw new Error(`gnome-keyring-daemon ended with ${daemon.exitCode}`);
        return daemon;
      },
      entries: () => demand('secret-tool', ['search', '--all', 'service', 'tmuxpair']),
      secretTool: (...args) => demand('secret-tool', args),
      [Symbol.asyncDispose]: cleanup.run,
    };
  });
}

const ping = [
  ...['--session', '--print-reply', '--reply-timeout=5000', '--dest=org.freedesktop.secrets'],
  ...['/org/freedesktop/secrets', 'org.freedesktop.DBus.Peer.Ping'],
];

function busConfig(folder: string): string {
  return `<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>\n`;
}

async function end(session: ChildProcess): Promise<void> {
  if (session.exitCode !== null || session.signalCode !== null) return;
  const ended = once(session, 'exit');
  session.stdin?.end();
  await ended;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('it ended without a line');
}
