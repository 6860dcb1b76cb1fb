/** The `system` door: the sshd that this machine runs, and the account's own `authorized_keys`. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Obstacle } from '../domain/obstacle.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import { thisAccount } from '../spawn/account.ts';
import { capture } from '../spawn/capture.ts';
import { isListening, listeners } from './listeners.ts';
import { type Account, isStrict, obstaclesIn, parseSettings, type Settings } from './sshd-settings.ts';
import { bannerVersion, type SshdVersion } from './sshd-version.ts';
import { modeObstacles } from './strict-modes.ts';

/** The sshd on a port of this machine. */
export interface SystemDoor {
  readonly port: number;
  /** Whether somebody listens there. */
  readonly listens: boolean;
  /** As it says in its greeting, where that has been heard and says so. */
  readonly version?: SshdVersion;
  /** Knocks, and asks for its settings, once. Does not reject. */
  known(): Promise<Known>;
}

/** What is known of a door. */
export interface Known {
  /** Whether it is an sshd that listens there. */
  readonly answers: boolean;
  /** Its process, where it can be seen. */
  readonly pid?: number;
  /** Whether its settings could be read. Where not, no obstacle is known. */
  readonly asked: boolean;
  /** Its configuration file. */
  readonly configFile: string;
  readonly obstacles: readonly Obstacle[];
  /** Empty where they can't be had. */
  readonly hostKeys: readonly PublicKey[];
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

/**
 * Who listens on a port.
 * @param atOnce whether to knock and to ask now, and not when somebody wants to know: an sshd that is knocked at takes
 *   a processor for some milliseconds
 */
export async function lookAtSystem(query: SystemQuery, atOnce: boolean): Promise<SystemDoor> {
  const { port } = query;
  if (!atOnce) {
    const listens = await isListening(port);
    return { port, listens, known: once(async () => learn(query, listens ? await knock(port) : undefined)) };
  }
  const settings = settingsOf(query);
  const greeting = await knock(port);
  return doorOn(
    port,
    greeting,
    once(() => learn(query, greeting, settings)),
  );
}

async function learn(
  query: SystemQuery,
  greeting?: string,
  settings?: Promise<Found | undefined>,
): Promise<Known> {
  const found = greeting === undefined ? undefined : await (settings ?? settingsOf(query));
  if (found) return describe(query, found);
  const hostKeys = greeting === undefined ? [] : await scanHostKeys(query.port);
  const answers = greeting !== undefined;
  return { answers, asked: false, configFile: defaultConfig, obstacles: [], hostKeys };
}

/** The first sshd that is seen to run here, whatever its port, that answers and would let a guest in. */
export async function lookElsewhere(query: Omit<SystemQuery, 'port'>): Promise<SystemDoor | undefined> {
  for await (const found of running(query)) {
    for (const port of portsIn(found.settings)) {
      const greeting = await knock(port);
      if (greeting === undefined) continue;
      const door = doorOn(
        port,
        greeting,
        once(() => describe({ ...query, port }, found)),
      );
      if ((await door.known()).obstacles.length === 0) return door;
    }
  }
  return undefined;
}

function doorOn(port: number, greeting: string | undefined, known: SystemDoor['known']): SystemDoor {
  const version = bannerVersion(greeting ?? '');
  return { port, listens: greeting !== undefined, ...(version && { version }), known };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

async function describe(
  { port, keyFile }: Omit<SystemQuery, 'sshd' | 'anyKey'>,
  { settings, from }: Found,
): Promise<Known> {
  const account = await accountFor(settings);
  const obstacles = [
    ...obstaclesIn(settings, account, keyFile),
    ...(isStrict(settings) ? modeObstacles(keyFile, account) : []),
  ];
  const keys = hostKeysIn(settings);
  const hostKeys = keys.length > 0 ? keys : await scanHostKeys(port);
  return { answers: true, asked: true, hostKeys, obstacles, ...from };
}

const defaultConfig = '/etc/ssh/sshd_config';

/** This account, its groups only where the settings ask for them. */
async function accountFor(settings: Settings): Promise<Account> {
  const asksGroups = settings.has('allowgroups') || settings.has('denygroups');
  const { stdout } = asksGroups ? await capture('id', ['-Gn']) : { stdout: '' };
  return { ...thisAccount(), groups: stdout.trim().split(/\s+/) };
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
      const [greeting] = /^SSH-[^\n]*\n/m.exec(said) ?? [];
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
  const guest = `user=${thisAccount().name},host=guest.invalid,addr=203.0.113.1${at}`;
  const args = ['-T', ...(key === undefined ? [] : ['-h', key]), ...config, '-C', guest];
  const { code, stdout } = await capture(sshd, args, { patience: 3000 });
  return code === 0 ? parseSettings(stdout) : undefined;
}
