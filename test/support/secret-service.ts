import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A session bus of its own, with nothing on it that could be started on demand. */
export interface SessionBus extends AsyncDisposable {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Starts gnome-keyring on it; `unlocked` also makes the keyring, if there is none. */
  keyring(state: 'unlocked' | 'locked'): Promise<ChildProcess>;
}

/** With `unansweredPrompt`, a locked keyring asks the user by a program that never gets anywhere. */
export async function startSessionBus(
  options: { readonly unansweredPrompt?: boolean } = {},
): Promise<SessionBus> {
  const home = mkdtempSync(join(tmpdir(), 'bus-'));
  const prompterPid = join(home, 'prompter.pid');
  const services = options.unansweredPrompt ? `<servicedir>${home}</servicedir>` : '';
  writeFileSync(
    join(home, 'prompter.service'),
    `[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/sh ${home}/prompter\n`,
  );
  writeFileSync(join(home, 'prompter'), `echo $$ >${prompterPid}; exec sleep 1000\n`);
  const config = join(home, 'bus.conf');
  writeFileSync(
    config,
    `<busconfig><type>session</type><listen>unix:path=${home}/bus</listen>${services}
     <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>`,
  );
  const children: ChildProcess[] = [];
  const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(bus);
  await firstLine(bus);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_RUNTIME_DIR: home,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${home}/bus`,
  };
  return {
    home,
    env,
    async keyring(state) {
      const args = ['--foreground', '--components=secrets', ...(state === 'unlocked' ? ['--unlock'] : [])];
      const daemon = spawn('gnome-keyring-daemon', args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
      children.push(daemon);
      daemon.stdin.end(state === 'unlocked' ? 'test' : '');
      await untilOwned(env, daemon);
      return daemon;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(children.reverse().map(stop));
      if (existsSync(prompterPid)) process.kill(Number(readFileSync(prompterPid, 'utf8')), 'SIGKILL');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** SIGKILL, which ends a stopped process too, and waits for its end. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}

async function untilOwned(env: NodeJS.ProcessEnv, daemon: ChildProcess): Promise<void> {
  while (daemon.exitCode === null) {
    const asked = spawn(
      'dbus-send',
      [
        '--session',
        '--print-reply',
        '--reply-timeout=5000',
        '--dest=org.freedesktop.secrets',
        '/org/freedesktop/secrets',
        'org.freedesktop.DBus.Peer.Ping',
      ],
      { env, stdio: 'ignore' },
    );
    const [code] = await once(asked, 'exit');
    if (code === 0) return;
  }
  throw new Error(`gnome-keyring-daemon ended with ${daemon.exitCode}`);
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('it ended without a line');
}
