/** The `system` door: the sshd that this machine runs, and the account's own `authorized_keys`. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Obstacle } from '../domain/obstacle.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import { thisAccount } from '../spawn/account.ts';
import { capture } from '../spawn/capture.ts';
import { type ConfigFile, configIn, defaultConfig, readConfigFile } from './config-file.ts';
import { findKeyFiles, keyFileObstacles, look } from './key-files.ts';
import { type KeyRules, keyRulesIn } from './key-rules.ts';
import { isListening, listeners } from './listeners.ts';
import { type Spec, specsFor } from './match-specs.ts';
import {
  type Account,
  isStrict,
  keyFileNames,
  type Outlook,
  obstaclesFor,
  parseSettings,
  readsEnvironment,
  type Settings,
} from './sshd-settings.ts';
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
  /** Which keys it accepts; empty where its settings could not be read. */
  readonly rules: readonly KeyRules[];
  /** The files that it reads keys from, absolute, patterns among them; empty where its settings could not be read. */
  readonly keyFiles: readonly string[];
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
  const nothing = { obstacles: [], rules: [], keyFiles: [] };
  return { answers, asked: false, configFile: defaultConfig, ...nothing, hostKeys };
}

/** The first sshd that is seen to run here, whatever its port, that answers and `suits`. */
export async function lookElsewhere(
  query: Omit<SystemQuery, 'port'>,
  suits: (known: Known) => Promise<boolean>,
): Promise<SystemDoor | undefined> {
  for await (const found of running(query)) {
    for (const port of portsIn(found.outlooks)) {
      const greeting = await knock(port);
      if (greeting === undefined) continue;
      const door = doorOn(
        port,
        greeting,
        once(() => describe({ ...query, port }, found)),
      );
      if (await suits(await door.known())) return door;
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
  { outlooks, config, unresolved, from }: Found,
): Promise<Known> {
  const account = await accountFor(outlooks);
  const [{ settings } = { settings: new Map() }] = outlooks;
  const keyFiles = [...new Set(outlooks.flatMap((one) => keyFileNames(one.settings, account)))];
  const environment = join(account.home, '.ssh', 'environment');
  const readsIt = outlooks.some((one) => readsEnvironment(one.settings)) && look(environment) !== 'none';
  const obstacles: Obstacle[] = [
    ...obstaclesFor(outlooks, account, keyFile),
    ...(isStrict(settings) ? modeObstacles(keyFile, account) : []),
    ...keyFileObstacles(findKeyFiles(keyFiles)),
    ...(readsIt ? [{ kind: 'user-environment', path: environment } as const] : []),
    ...config.unread.map((path) => ({ kind: 'unread-settings', path }) as const),
    ...unresolved.map((match) => ({ kind: 'unresolved-match', match }) as const),
  ];
  const keys = hostKeysIn(settings);
  const hostKeys = keys.length > 0 ? keys : await scanHostKeys(port);
  return {
    answers: true,
    asked: true,
    hostKeys,
    obstacles,
    rules: outlooks.map(keyRulesIn),
    keyFiles,
    ...from,
  };
}

/** This account, its groups only where the settings ask for them. */
async function accountFor(outlooks: readonly Outlook[]): Promise<Account> {
  const asksGroups = outlooks.some(
    ({ settings }) => settings.has('allowgroups') || settings.has('denygroups'),
  );
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
  /** What holds for a guest from anywhere, and then what `Match` blocks make of it for others. */
  readonly outlooks: readonly Outlook[];
  readonly config: ConfigFile;
  /** Blocks of which it can't be said for whom they hold. */
  readonly unresolved: readonly string[];
  readonly from: { readonly pid?: number; readonly configFile: string };
}

/** The settings of the sshd on that port: of one that is seen to run, or of one that would run by default. */
async function settingsOf(query: SystemQuery): Promise<Found | undefined> {
  for await (const found of running(query, [{ config: [] }])) {
    if (portsIn(found.outlooks).includes(query.port)) return found;
  }
  return undefined;
}

/** Every sshd that is seen to run, and then `others`, as far as their settings can be read. */
async function* running(
  { sshd, port, anyKey }: Omit<SystemQuery, 'port'> & { readonly port?: number },
  others: readonly { readonly pid?: number; readonly config: readonly string[] }[] = [],
): AsyncGenerator<Found> {
  const key = process.geteuid?.() === 0 ? undefined : await anyKey();
  for (const { pid, config: args } of [...(await listeners()), ...others]) {
    const question = { args, key, port };
    const settings = await ask(sshd, question);
    if (!settings) continue;
    const { file, options } = configIn(args);
    const config = readConfigFile(file, options);
    const { specs, unresolved } = specsFor(config, thisAccount());
    const more = await Promise.all(specs.map((spec) => ask(sshd, question, spec)));
    const outlooks = specs.flatMap(({ when }, at) => {
      const settings = more[at];
      return settings ? [{ settings, when }] : [];
    });
    const failed = specs.flatMap(({ when }, at) => (more[at] ? [] : [when]));
    yield {
      outlooks: [{ settings }, ...outlooks],
      config,
      unresolved: [...new Set([...unresolved, ...failed])],
      from: { configFile: file, ...(pid === undefined ? {} : { pid }) },
    };
  }
}

function portsIn([outlook]: readonly Outlook[]): number[] {
  const addresses = outlook?.settings.get('listenaddress') ?? [];
  return [...new Set(addresses.map((address) => Number(/:(\d+)$/.exec(address)?.[1])))];
}

/**
 * The settings that hold for this account, for a guest from anywhere or as `spec` has it; `undefined` where sshd does
 * not tell.
 */
async function ask(
  sshd: string,
  {
    args,
    key,
    port,
  }: {
    readonly args: readonly string[];
    readonly key: string | undefined;
    readonly port: number | undefined;
  },
  spec?: Spec,
): Promise<Settings | undefined> {
  const guest = {
    user: thisAccount().name,
    host: 'guest.invalid',
    addr: '203.0.113.1',
    ...(port === undefined ? {} : { lport: port }),
    ...spec?.fields,
  };
  const about = Object.entries(guest).map(([name, value]) => `${name}=${value}`);
  const words = ['-T', ...(key === undefined ? [] : ['-h', key]), ...args, '-C', about.join(',')];
  const { code, stdout } = await capture(sshd, words, { patience: 3000 });
  return code === 0 ? parseSettings(stdout) : undefined;
}
