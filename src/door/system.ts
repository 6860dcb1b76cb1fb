/** The `system` door: the sshd that this machine runs, and the account's own `authorized_keys`. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import type { Obstacle } from '../domain/obstacle.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import { capture } from '../spawn/capture.ts';
import { type Listener, listeners } from './listeners.ts';
import { type Account, isStrict, obstaclesIn, parseSettings, type Settings } from './sshd-settings.ts';
import { bannerVersion, type SshdVersion } from './sshd-version.ts';
import { modeObstacles } from './strict-modes.ts';

/** What is known of the sshd on a port of this machine. */
export interface SystemDoor {
  readonly port: number;
  readonly answers: boolean;
  /** As it says in its greeting, where it does. */
  readonly version?: SshdVersion;
  /** Empty where they can't be had. Does not reject. */
  readonly hostKeys: Promise<readonly PublicKey[]>;
  /** Its process, where it can be seen. */
  readonly pid?: number;
  /** Whether its settings could be read. Where not, no obstacle is known. */
  readonly asked: boolean;
  /** Its configuration file. */
  readonly configFile: string;
  readonly obstacles: readonly Obstacle[];
}

export interface SystemQuery {
  /** Absolute path of sshd. */
  readonly sshd: string;
  readonly port: number;
  /** The `authorized_keys` file that guests are to be let in by, absolute. */
  readonly keyFile: string;
  /** Gives any private key: without one sshd tells its settings to root alone. */
  readonly anyKey: () => Promise<string>;
}

/** Knocks at the sshd on a port, and asks for the settings of the one that is there. */
export async function lookAtSystem(query: SystemQuery): Promise<SystemDoor> {
  const { port, keyFile } = query;
  const [greeting, found] = await Promise.all([knock(port), settingsOf(query)]);
  const answers = greeting !== undefined;
  const version = bannerVersion(greeting ?? '');
  const unknown = {
    port,
    answers,
    asked: false,
    configFile: defaultConfig,
    obstacles: [],
    ...(version && { version }),
  };
  if (!answers || !found)
    return { ...unknown, hostKeys: answers ? scanHostKeys(port) : Promise.resolve([]) };
  const account = await thisAccount(found.settings);
  const obstacles = [
    ...obstaclesIn(found.settings, account, keyFile),
    ...(isStrict(found.settings) ? modeObstacles(keyFile, account) : []),
  ];
  const known = hostKeysIn(found.settings);
  const hostKeys = known.length > 0 ? Promise.resolve(known) : scanHostKeys(port);
  return { ...unknown, asked: true, hostKeys, obstacles, ...found.from };
}

const defaultConfig = '/etc/ssh/sshd_config';

/** This account, its groups only where the settings ask for them. */
async function thisAccount(settings: Settings): Promise<Account> {
  const { username, uid, homedir } = userInfo();
  const asksGroups = settings.has('allowgroups') || settings.has('denygroups');
  const { stdout } = asksGroups ? await capture('id', ['-Gn']) : { stdout: '' };
  return { name: username, uid, home: homedir, groups: stdout.trim().split(/\s+/) };
}

/** The greeting by which who listens there says that it speaks SSH, before it is asked anything. */
function knock(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2000 });
    const answer = (greeting?: string): void => {
      socket.destroy();
      resolve(greeting);
    };
    let said = '';
    socket.setEncoding('latin1').on('data', (text) => {
      said += text;
      const [greeting] = /^SSH-.*\n/m.exec(said) ?? [];
      if (greeting !== undefined || said.length > 4096) answer(greeting);
    });
    for (const event of ['error', 'end', 'timeout']) socket.on(event, () => answer());
  });
}

/** The public halves of the host keys that its settings name, as they lie next to the private ones. */
function hostKeysIn(settings: Settings): PublicKey[] {
  return (settings.get('hostkey') ?? []).flatMap((path) => {
    try {
      const parsed = parsePublicKey(readFileSync(`${path}.pub`, 'latin1').trim());
      return parsed.ok ? [parsed.key] : [];
    } catch {
      return [];
    }
  });
}

/** Asks for the host keys over the network. Takes a third of a second. */
async function scanHostKeys(port: number): Promise<PublicKey[]> {
  const args = ['-T', '2', '-p', String(port), '127.0.0.1'];
  const { stdout } = await capture('ssh-keyscan', args, { patience: 3000 });
  return stdout.split('\n').flatMap((line) => {
    const parsed = parsePublicKey(line.slice(line.indexOf(' ') + 1));
    return parsed.ok ? [parsed.key] : [];
  });
}

/** The settings of the sshd on that port: of one that is seen to run, or of one that would run by default. */
async function settingsOf(
  query: SystemQuery,
): Promise<{ settings: Settings; from: { pid?: number; configFile: string } } | undefined> {
  const key = process.geteuid?.() === 0 ? undefined : await query.anyKey();
  const running: (Partial<Listener> & Pick<Listener, 'config'>)[] = await listeners();
  for (const { pid, config } of [...running, { config: [] }]) {
    const settings = await ask(query.sshd, config, key);
    if (!settings?.get('listenaddress')?.some((at) => at.endsWith(`:${query.port}`))) continue;
    const at = config.findIndex((word) => word.startsWith('-f'));
    const named = config[at] === '-f' ? config[at + 1] : config[at]?.slice(2);
    return { settings, from: { configFile: named ?? defaultConfig, ...(pid === undefined ? {} : { pid }) } };
  }
  return undefined;
}

/** The settings that hold for this account, for a guest from anywhere; `undefined` where sshd does not tell. */
async function ask(sshd: string, config: readonly string[], key?: string): Promise<Settings | undefined> {
  const guest = `user=${userInfo().username},host=guest.invalid,addr=203.0.113.1`;
  const args = ['-T', ...(key === undefined ? [] : ['-h', key]), ...config, '-C', guest];
  const { code, stdout } = await capture(sshd, args, { patience: 3000 });
  return code === 0 ? parseSettings(stdout) : undefined;
}
