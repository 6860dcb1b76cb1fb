/** The `system` door: the sshd that this machine runs, and the account's own `authorized_keys`. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { execa } from 'execa';
import type { Obstacle } from '../domain/obstacle.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import { listeners } from './listeners.ts';
import { type Account, isStrict, obstaclesIn, parseSettings, type Settings } from './sshd-settings.ts';
import { modeObstacles } from './strict-modes.ts';

/** What is known of the sshd on a port of this machine. */
export interface SystemDoor {
  readonly port: number;
  readonly answers: boolean;
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
  /** Gives any private key, if there is one: without it sshd tells its settings to root alone. */
  readonly anyKey: () => Promise<string | undefined>;
}

/** Knocks at the sshd on a port, and asks for the settings of the one that is there. */
export async function lookAtSystem(query: SystemQuery): Promise<SystemDoor> {
  const { port } = query;
  const account = thisAccount();
  const [answers, found] = await Promise.all([knock(port), settingsOf(query)]);
  if (answers && found) return describe(query, found, await account);
  const hostKeys = answers ? scanHostKeys(port) : Promise.resolve([]);
  return { port, answers, asked: false, configFile: defaultConfig, obstacles: [], hostKeys };
}

/** The first sshd that is seen to run here, whatever its port, that answers and would let a guest in. */
export async function lookElsewhere(query: Omit<SystemQuery, 'port'>): Promise<SystemDoor | undefined> {
  const account = await thisAccount();
  for await (const found of running(query)) {
    for (const port of portsIn(found.settings)) {
      const door = describe({ ...query, port }, found, account);
      if (door.obstacles.length === 0 && (await knock(port))) return door;
    }
  }
  return undefined;
}

function describe({ port, keyFile }: SystemQuery, { settings, from }: Found, account: Account): SystemDoor {
  const obstacles = [
    ...obstaclesIn(settings, account, keyFile),
    ...(isStrict(settings) ? modeObstacles(keyFile, account) : []),
  ];
  const known = hostKeysIn(settings);
  const hostKeys = known.length > 0 ? Promise.resolve(known) : scanHostKeys(port);
  return { port, answers: true, asked: true, hostKeys, obstacles, ...from };
}

const defaultConfig = '/etc/ssh/sshd_config';

async function thisAccount(): Promise<Account> {
  const { username, uid, homedir } = userInfo();
  const { stdout = '' } = await execa('id', ['-Gn'], { reject: false, stdin: 'ignore' });
  return { name: username, uid, home: homedir, groups: stdout.trim().split(/\s+/) };
}

/** Whether who listens there says that it speaks SSH, before it is asked anything. */
function knock(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2000 });
    const answer = (ssh: boolean): void => {
      socket.destroy();
      resolve(ssh);
    };
    let said = '';
    socket.setEncoding('latin1').on('data', (text) => {
      said += text;
      if (/^SSH-/m.test(said) || said.length > 4096) answer(said.length <= 4096);
    });
    for (const event of ['error', 'end', 'timeout']) socket.on(event, () => answer(false));
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
  const { stdout = '' } = await execa('ssh-keyscan', ['-T', '2', '-p', String(port), '127.0.0.1'], {
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 3000,
  });
  return stdout.split('\n').flatMap((line) => {
    const parsed = parsePublicKey(line.slice(line.indexOf(' ') + 1));
    return parsed.ok ? [parsed.key] : [];
  });
}

interface Found {
  readonly settings: Settings;
  readonly from: { readonly pid?: number; readonly configFile: string };
}

/** The settings of the sshd on that port: of one that is seen to run, or of one that would run by default. */
async function settingsOf(query: SystemQuery): Promise<Found | undefined> {
  for await (const found of running(query, [{ config: [] }])) {
    if (portsIn(found.settings).includes(query.port)) return found;
  }
  return undefined;
}

/** Every sshd that is seen to run, and then `others`, as far as their settings can be read. */
async function* running(
  { sshd, port, anyKey }: Omit<SystemQuery, 'port'> & { readonly port?: number },
  others: readonly { readonly pid?: number; readonly config: readonly string[] }[] = [],
): AsyncGenerator<Found> {
  const key = process.geteuid?.() === 0 ? undefined : await anyKey();
  for (const { pid, config } of [...(await listeners()), ...others]) {
    const settings = await ask(sshd, { config, key, port });
    if (!settings) continue;
    const at = config.findIndex((word) => word.startsWith('-f'));
    const named = config[at] === '-f' ? config[at + 1] : config[at]?.slice(2);
    yield {
      settings,
      from: { configFile: named ?? defaultConfig, ...(pid === undefined ? {} : { pid }) },
    };
  }
}

function portsIn(settings: Settings): number[] {
  const addresses = settings.get('listenaddress') ?? [];
  return [...new Set(addresses.map((address) => Number(/:(\d+)$/.exec(address)?.[1])))];
}

/** The settings that hold for this account, for a guest from anywhere; `undefined` where sshd does not tell. */
async function ask(
  sshd: string,
  { config, key, port }: { config: readonly string[]; key: string | undefined; port: number | undefined },
): Promise<Settings | undefined> {
  const at = port === undefined ? '' : `,lport=${port}`;
  const guest = `user=${userInfo().username},host=guest.invalid,addr=203.0.113.1${at}`;
  const args = ['-T', ...(key === undefined ? [] : ['-h', key]), ...config, '-C', guest];
  const { failed, stdout = '' } = await execa(sshd, args, {
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 3000,
  });
  return failed ? undefined : parseSettings(stdout);
}
