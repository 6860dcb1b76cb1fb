/**
 * The `private` door: an sshd of our own, for one pairing. This process listens, and hands each connection to an
 * `sshd -i` of its own. So the door is shut the moment this process ends, for whatever reason. No listener can be left
 * behind whose children nobody could find any more once it is gone. The script that starts each sshd (see
 * `admitScript`) has registered its process group before the guest can say a word, so connections that never reach the
 * gate (`ssh -N`) are ended like all others.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { refuse } from '../domain/failure.ts';
import type { Refused } from '../domain/login-refusal.ts';
import type { Fingerprint } from '../domain/public-key.ts';
import type { Settings } from '../domain/sshd-settings.ts';
import { capture } from '../spawn/capture.ts';
import { openAdmission } from './admission.ts';
import { endGroup } from './group.ts';
import { type KeyRules, keyRulesIn } from './key-rules.ts';
import { type DoorConfig, doorConfig } from './sshd-config.ts';
import { parseSettings } from './sshd-settings.ts';

export interface PrivateDoorOptions extends DoorConfig {
  /** Absolute path of sshd. */
  readonly sshd: string;
  /** Where to write its configuration; a safe token. */
  readonly configFile: string;
  /** The address to listen on; all if absent. */
  readonly bind?: string | undefined;
  /** The port to listen on. If absent: `preferred`, or any free one if that is taken. */
  readonly port?: number | undefined;
  readonly preferred: number;
  /** The command that starts the program appended to it. */
  readonly admit: readonly string[];
  readonly onLogin: (login: Login) => void;
  /** After a login: the program that the guest's key forces them into is started, in a new session. */
  readonly onSession: (leader: number) => void;
  /** A connection has ended, and its leader is gone. */
  readonly onEnd: (leader: number) => void;
  /** A connection has ended whose keys, of this account's guests or of others, let nobody in. */
  readonly onRefused: (refused: Refused) => void;
  /** A line that sshd logs. Parts of it come from outside. */
  readonly onLog: (line: string) => void;
}

/** A guest has shown a key that may come in. */
export interface Login {
  /** The leader of the connection's process group. */
  readonly leader: number;
  readonly fingerprint: Fingerprint;
  /** Where they came from. */
  readonly address: string;
  /** Whether their connection has already ended. */
  readonly ended: boolean;
}

/** An account to which sshd lets nobody in. */
interface Barred extends Pick<Refused, 'why'> {
  readonly user: string;
}

export interface PrivateDoor {
  readonly port: number;
  /** Which keys it accepts, by the build of this sshd and the policy of the machine. */
  readonly rules: readonly KeyRules[];
  /** An address of this machine's on which it listens. */
  readonly host: string;
  /** Lets nobody in any more, from this call on. Guests who are in stay. */
  close(): void;
}

/**
 * Opens the door.
 * @throws Refusal `program-failed` if sshd would not start, `port-refused` if the port can't be had
 */
export async function startPrivateSshd(options: PrivateDoorOptions): Promise<PrivateDoor> {
  const { sshd, configFile } = options;
  writeFileSync(configFile, doorConfig(options), { mode: 0o600 });
  const rules = [keyRulesIn({ settings: await checkConfig(sshd, configFile) })];
  const command = [...options.admit, sshd, '-i', '-e', '-f', configFile];
  const start = (socket: Socket): ChildProcess | undefined => {
    const [file = '', ...args] = command;
    const child = spawn(file, args, {
      detached: true, // It leads a group and a session of its own: sshd -i makes none.
      cwd: '/',
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
      stdio: [socket, socket, 'pipe'],
    });
    const leader = child.pid;
    child.on('error', () => {}); // It could not be started, so there is no `leader`.
    if (leader === undefined) return undefined;
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:(?=[\d.]+$)/, '');
    let refused: Refused | undefined;
    child.once('close', () => {
      if (refused) options.onRefused(refused);
    });
    child.once('exit', () => {
      admission.forget(child);
      options.onEnd(leader);
    });
    if (!child.stderr) return child;
    createInterface({ input: child.stderr }).on('line', (line) => {
      options.onLog(line);
      const said = parseLog(line);
      if (said === 'key-named') admission.named(child);
      if (said === 'session') options.onSession(leader);
      if (typeof said !== 'object') return;
      if ('user' in said) {
        if (said.user === options.user) refused = { address: from, why: said.why };
        return;
      }
      if ('why' in said) {
        refused = said;
        return;
      }
      refused = undefined;
      admission.forget(child);
      const ended = child.exitCode !== null || child.signalCode !== null;
      options.onLogin({ leader, ended, ...said });
    });
    return child;
  };
  const admission = openAdmission({ start, end: endGroup });

  // Paused: the guest's sshd would miss any byte that is read here.
  const server = createServer({ pauseOnConnect: true }, admission.come);
  await listen(server, options);
  server.on('error', (error) => options.onLog(String(error)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const close = (): void => {
    server.close();
    admission.close();
  };
  return { port: address.port, host: localOf(address.address), rules, close };
}

/** Where on this machine to connect to what listens on an address: nobody can connect to one that means all of them. */
export function localOf(address: string): string {
  return address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address;
}

/** What a line of sshd's log, at level VERBOSE, says about its guest. */
export function parseLog(
  line: string,
): Pick<Login, 'fingerprint' | 'address'> | Refused | Barred | 'key-named' | 'session' | undefined {
  const [, address, fingerprint] =
    /^Accepted publickey for .* from (\S+) port \d+ ssh2: \S+ (SHA256:[A-Za-z0-9+/]{43})$/.exec(line) ?? [];
  if (address !== undefined) return { address, fingerprint: fingerprint as Fingerprint };
  const [, why, from] =
    /^(?:error: )?(Failed publickey|maximum authentication attempts exceeded) for \S+ from (\S+) port \d+ ssh2(?::|$| \[)/.exec(
      line,
    ) ?? [];
  if (from !== undefined) return { address: from, why: why?.startsWith('F') ? 'other-keys' : 'many-keys' };
  const [, locked, expired] =
    /^(?:User (\S+) not allowed because account is locked|Account (\S+) has expired)$/.exec(line) ?? [];
  if (locked !== undefined) return { user: locked, why: 'locked' };
  if (expired !== undefined) return { user: expired, why: 'expired' };
  if (line.startsWith('Starting session: ')) return 'session';
  // The second is what OpenSSH up to 7.6 says.
  if (/^(Accepted key \S+ SHA256:|Found matching \S+ key: )/.test(line)) return 'key-named';
  return undefined;
}

/**
 * The port that an account's private sshds prefer: always the same, so a guest's known_hosts and a router's rules stay
 * right, and below the ports that a system gives out by itself.
 */
export function preferredPort(account: string): number {
  return 20_000 + (createHash('sha256').update(account).digest().readUInt16BE() % 10_000);
}

async function listen(server: Server, options: PrivateDoorOptions): Promise<void> {
  const { bind: host, port, preferred } = options;
  for (const candidate of port === undefined ? [preferred, 0] : [port]) {
    try {
      server.listen({ port: candidate, ...(host === undefined ? {} : { host }) });
      await once(server, 'listening');
      return;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && candidate === preferred && port === undefined) continue;
      refuse({
        kind: 'port-refused',
        port: candidate,
        code,
        ...(host === undefined ? {} : { address: host }),
      });
    }
  }
}

/**
 * Has sshd report problems with its configuration or its surroundings now, not to the first guest.
 * @returns the settings that result
 */
async function checkConfig(sshd: string, configFile: string): Promise<Settings> {
  const check = () => capture(sshd, ['-T', '-f', configFile], { timeoutMs: 5000 });
  let checked = await check();
  // Root's sshd needs an empty folder that the system's would have made, had it ever run since boot.
  const missing = /Missing privilege separation directory: (\/\S+)/.exec(checked.stderr)?.[1];
  if (missing !== undefined && process.geteuid?.() === 0) {
    mkdirSync(missing, { recursive: true, mode: 0o755 });
    checked = await check();
  }
  if (checked.code === 0) return parseSettings(checked.stdout);
  return refuse({
    kind: 'program-failed',
    program: sshd,
    doing: 'opening a door of our own',
    detail: checked.stderr,
  });
}
