/** The `system` door: the sshd that this machine runs, and the account's own `authorized_keys`. */

import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Doubt } from '../domain/doubt.ts';
import { distinct, type Obstacle } from '../domain/obstacle.ts';
import type { PublicKey } from '../domain/public-key.ts';
import type { Settings } from '../domain/sshd-settings.ts';
import { diversionObstacles } from '../shell/diversions.ts';
import { type LoginEnvironment, loginEnvironment, steering } from '../shell/login-environment.ts';
import { loginShell } from '../shell/shell.ts';
import { capture } from '../spawn/capture.ts';
import { thisAccount } from '../system/account.ts';
import { inTurn, type Marks, recall, remember } from '../system/remembered.ts';
import { addressesIn, portsOfAll, type SettingsQuery, type SshdSettings, settingsOn } from './ask-sshd.ts';
import { configIn, defaultConfig, readConfigFile } from './config-file.ts';
import { type ForwardRules, forwardRulesIn } from './forward-rules.ts';
import { type Greeting, knock } from './greeting.ts';
import { findKeyFiles, keyFileObstacles, look } from './key-files.ts';
import { type KeyRules, keyRulesIn } from './key-rules.ts';
import { fromPlain, type Knowledge, toPlain } from './knowledge.ts';
import { isUnread } from './revoked.ts';
import { hostKeysIn, hostKeysWith, scanHostKey } from './served-keys.ts';
import { type ListeningSocket, listeningSockets } from './sockets.ts';
import { accepts, inOrder, isAny, reachable, reaches } from './sockets-of.ts';
import { sourceRules } from './source-rules.ts';
import {
  type Account,
  isStrict,
  keyFileNames,
  keyFilesAhead,
  obstaclesFor,
  readsEnvironment,
} from './sshd-settings.ts';
import type { SshdVersion } from './sshd-version.ts';
import { modeObstacles } from './strict-modes.ts';

/** The sshd on a port of this machine. */
export interface SystemDoor {
  readonly port: number;
  /** Whether somebody listens there. */
  readonly listens: boolean;
  /** An address that it can be reached by from here, the likeliest until it has been heard. */
  readonly host: string;
  /** Whether it is reached by whoever connects to that address of this machine's, as far as is known. */
  readonly listensOn: (address: string) => boolean;
  /** All of its addresses, where it does not listen on every one of this machine's, as far as is known. */
  readonly onlyAt: readonly string[] | undefined;
  /** As its greeting says, where that has been heard by now, or is remembered. */
  version(): SshdVersion | undefined;
  /** What the greeting and the settings tell: remembered, or asked for once. Does not reject. */
  known(): Promise<Known>;
  /**
   * What a verdict on it depends on, for what is remembered of it: in words, files as they were when it was asked, and
   * files that it reads at a login.
   */
  depends(): Promise<Depends>;
  /** Whether its sockets are still there, by the kernel's list: `changed` where some are others, as after a reload. */
  stands(): 'same' | 'changed' | 'gone';
  /** Looks again: what has changed is asked for anew. */
  again(): Promise<SystemDoor>;
  /** Has it known that it was seen to show that host key. */
  hasShown(keys: readonly PublicKey[]): void;
  /** Has it known that a login was seen to have these variables at the gate, as `NAME=value`: those that steer shells. */
  hasGiven(entries: readonly string[]): void;
}

export interface Depends {
  readonly facts: readonly string[];
  readonly marks: Marks;
  readonly files: readonly string[];
}

/** What is known of a door. */
export interface Known {
  /** Whether somebody listens there that may be an sshd. */
  readonly answers: boolean;
  /** What it says first. */
  readonly greeting: Greeting;
  /** Its process, where it can be seen. */
  readonly pid?: number;
  /** Whether its settings could be read. Where not, no obstacle is known but what the login shell may do. */
  readonly asked: boolean;
  /** What it is set to for guests from anywhere, and then for others; empty if its settings could not be read. */
  readonly settings: readonly Settings[];
  /** What a login was seen to have at the gate of variables that steer shells, as `NAME=value`; empty if none was seen. */
  readonly seen: readonly string[];
  /** Its configuration file. */
  readonly configFile: string;
  readonly obstacles: readonly Obstacle[];
  /** Why all that may not be so, or not be all. */
  readonly doubts: readonly Doubt[];
  /** Which keys it accepts; empty where its settings could not be read. */
  readonly rules: readonly KeyRules[];
  /** Which ports it forwards, alike. */
  readonly forwarding: readonly ForwardRules[];
  /** The files that it reads keys from, absolute, patterns among them; empty where its settings could not be read. */
  readonly keyFiles: readonly string[];
  /** Those of them that it reads before the account's `authorized_keys`. */
  readonly ahead: readonly string[];
  /** Empty where they can't be had. */
  readonly hostKeys: readonly PublicKey[];
}

export interface SystemQuery extends SettingsQuery {
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  /** The `authorized_keys` file that guests are to be let in by, absolute. */
  readonly keyFile: string;
  /** Where several sshds have that port, the address of this machine's that guests are to come to. */
  readonly towards?: string | undefined;
  /** Asks anew although something is remembered. */
  readonly isFresh?: boolean;
}

const day = 86_400;

/** Who listens on a port. Knocks at nobody, where the kernel lists who listens. */
export async function lookAtSystem(query: SystemQuery): Promise<SystemDoor> {
  const { env, port } = query;
  const sockets = inOrder(
    listeningSockets().filter((socket) => socket.port === port),
    query.towards,
  );
  const facts = factsOf(query, sockets);
  const recalled = (): Learned | undefined => {
    const record = query.isFresh ? undefined : recall(env, nameOf(port), facts);
    const knowledge = fromPlain(record?.value);
    return record && knowledge && { knowledge, marks: record.marks };
  };
  let { knowledge, marks }: Partial<Learned> = recalled() ?? {};
  const hosts = sockets.length > 0 ? reachable(sockets) : await accepting(query);
  const note = (): void => {
    if (!knowledge || !marks || !/^(openssh|other)$/.test(knowledge.greeting.kind)) return;
    const lifetime = sockets.length > 0 ? 7 * day : day;
    remember(env, nameOf(port), { facts, marks, value: toPlain(knowledge), lifetime });
  };
  const learnt = once(async () => {
    if (knowledge) return knowledge;
    const learned = await inTurn(env, nameOf(port), recalled, async () => {
      ({ knowledge, marks } = await learn(query, hosts, sockets));
      note();
      return { knowledge, marks };
    });
    ({ knowledge, marks } = learned);
    return learned.knowledge;
  });
  let known = once(async () => describe(query, await learnt()));
  const add = (more: Partial<Knowledge>): void => {
    if (!knowledge) return;
    const now = { ...knowledge, ...more };
    knowledge = now;
    known = once(async () => describe(query, now));
    note();
  };
  const addresses = (): readonly string[] => knowledge?.at ?? sockets.map(({ address }) => address);
  return {
    port,
    listens: hosts.length > 0,
    get host() {
      return knowledge?.host ?? hosts[0] ?? '127.0.0.1';
    },
    listensOn: (address) => reaches(addresses(), address, knowledge?.host),
    get onlyAt() {
      return addresses().length === 0 || addresses().some(isAny) ? undefined : addresses();
    },
    version: () => (knowledge?.greeting.kind === 'openssh' ? knowledge.greeting.version : undefined),
    known: () => (hosts.length > 0 ? known() : Promise.resolve(silent)),
    depends: async () => {
      const files = filesAtLogin(await learnt());
      return { facts, marks: marks ?? { files: {}, isFresh: true }, files };
    },
    stands: () => {
      const all = listeningSockets().filter((socket) => socket.port === port);
      if (sockets.length === 0) return all.length > 0 ? 'changed' : hosts.length > 0 ? 'same' : 'gone';
      if (!all.some(({ address }) => addresses().includes(address))) return 'gone';
      const [then, now] = [sockets, all].map((some) => some.map(showSocket).sort().join());
      return then === now ? 'same' : 'changed';
    },
    again: () => lookAtSystem({ ...query, isFresh: false }),
    hasShown: (shown) => add({ shown }),
    hasGiven: (entries) => add({ seen: { entries, under: textOf(startEnvironment(knowledge?.settings)) } }),
  };
}

/** The ports of the sshds that are seen to run here. */
export async function portsElsewhere(query: Omit<SystemQuery, 'port'>): Promise<readonly number[]> {
  const ours = listeningSockets().filter(({ uid }) => uid === 0 || uid === process.geteuid?.());
  const facts = [query.sshd, ...ours.map(showSocket).sort()];
  const name = 'sshd-ports';
  const remembered = query.isFresh || ours.length === 0 ? undefined : recall(query.env, name, facts);
  const value = remembered?.value;
  if (Array.isArray(value) && value.every((port) => Number.isSafeInteger(port))) return value;
  const inodes = ours.map(({ inode }) => inode);
  const { ports, marks } = await portsOfAll(query, inodes);
  if (ours.length > 0) remember(query.env, name, { facts, marks, value: ports, lifetime: 7 * day });
  return ports;
}

function nameOf(port: number): string {
  return `sshd-${port}`;
}

function showSocket({ address, port, uid, inode }: ListeningSocket): string {
  return `${address} ${port} ${uid} ${inode}`;
}

/** What is remembered of an sshd depends on who listens, and on whom it is asked about. */
function factsOf({ sshd, port, towards = '' }: SystemQuery, sockets: readonly ListeningSocket[]): string[] {
  const { name, uid, home, shell } = thisAccount();
  const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])].sort();
  return [
    'sshd 2',
    sshd,
    `port ${port} ${sockets.some(({ address }) => address === towards) ? towards : ''}`,
    `account ${name} ${uid} ${home} ${shell} ${[...new Set(groups)].join(',')}`,
    groupLines(name),
    ...sockets.map(showSocket).sort(),
  ];
}

/** The lines of the groups that list this account, as a login will find them: this process has those of its own login. */
function groupLines(name: string): string {
  try {
    const lines = readFileSync('/etc/group', 'utf8').split('\n');
    return lines.filter((line) => line.split(':')[3]?.split(',').includes(name)).join(' ');
  } catch {
    return '';
  }
}

/** Where the kernel does not list who listens: those addresses that take a connection. */
async function accepting(query: SystemQuery): Promise<string[]> {
  const { port } = query;
  for (const host of ['127.0.0.1', '::1']) if (await accepts(host, port)) return [host];
  if (process.platform === 'linux') return [];
  const { settings } = await settingsOn(port, query, []);
  for (const host of settings ? addressesIn(settings, port) : [])
    if (await accepts(host, port)) return [host];
  return [];
}

interface Learned {
  readonly knowledge: Knowledge;
  /** What it depends on, as it was before. */
  readonly marks: Marks;
}

async function learn(
  query: SystemQuery,
  hosts: readonly string[],
  sockets: readonly ListeningSocket[],
): Promise<Learned> {
  const [{ host, greeting }, { settings, marks, configFile, at }] = await Promise.all([
    knockAt(hosts, query.port),
    settingsOn(query.port, query, sockets),
  ]);
  // Who was heard there may be another than the sshd that is set to.
  const isTheirs = /^(openssh|refusing)$/.test(greeting.kind) && (!at || reaches(at, host, host));
  const theirs = isTheirs ? settings : undefined;
  const keys = theirs?.outlooks[0] ? hostKeysIn(theirs.outlooks[0].settings) : [];
  const shown = theirs && keys.length === 0 ? await scanHostKey(host, query.port) : [];
  const groups = theirs ? await groupsFor(theirs) : [];
  const known = theirs && { settings: theirs, ...(at && { at }) };
  return { knowledge: { greeting, host, groups, shown, configFile, ...known }, marks };
}

async function knockAt(
  hosts: readonly string[],
  port: number,
): Promise<{ readonly host: string; readonly greeting: Greeting }> {
  for (const host of hosts) {
    const greeting = await knock(host, port);
    if (greeting.kind !== 'silent') return { host, greeting };
  }
  return { host: hosts[0] ?? '127.0.0.1', greeting: { kind: 'silent' } };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

/** What the knowledge means for guests now: files of keys and their modes are looked at each time. */
function describe({ keyFile }: SystemQuery, knowledge: Knowledge): Known {
  const { greeting, settings, groups, shown, configFile } = knowledge;
  const answers = greeting.kind !== 'silent';
  const start = startEnvironment(settings);
  const isSeen = knowledge.seen?.under === textOf(start);
  const doubts: readonly Doubt[] = [
    ...doubtsOf(knowledge),
    ...(start.unsure.length > 0 && answers && !isSeen
      ? [{ kind: 'environment-unsure', causes: start.unsure } as const]
      : []),
  ];
  const seen = knowledge.seen?.entries ?? [];
  const cautions = [
    ...diversionObstacles(loginShell().path, start),
    ...sourceRules(settings?.outlooks[0]?.settings),
  ];
  if (!settings) {
    const nothing = { settings: [], seen, rules: [], forwarding: [], keyFiles: [], ahead: [] };
    const hostKeys = hostKeysWith(shown);
    return {
      answers,
      greeting,
      asked: false,
      configFile,
      ...nothing,
      obstacles: cautions,
      doubts,
      hostKeys,
    };
  }
  const { outlooks, unresolved, args, pid } = settings;
  const { options } = configIn(args);
  const account: Account = { ...thisAccount(), groups };
  const [{ settings: usual } = { settings: new Map() }] = outlooks;
  const keyFiles = [...new Set(outlooks.flatMap((one) => keyFileNames(one.settings, account)))];
  const environment = join(account.home, '.ssh', 'environment');
  const readsIt = outlooks.some((one) => readsEnvironment(one.settings)) && look(environment) !== 'none';
  const rules = outlooks.map(keyRulesIn);
  const obstacles: Obstacle[] = [
    ...obstaclesFor(outlooks, account, keyFile),
    ...(isStrict(usual) ? modeObstacles(keyFile, account) : []),
    ...keyFileObstacles(findKeyFiles(keyFiles)),
    ...(readsIt ? [{ kind: 'user-environment', path: environment } as const] : []),
    ...readConfigFile(configFile, options).unread.map((path) => ({ kind: 'unread-settings', path }) as const),
    ...otherEnvironments(settings, start),
    ...unresolved.map((match) => ({ kind: 'unresolved-match', match }) as const),
    ...cautions,
    ...distinct(
      rules.flatMap(({ revoked }) =>
        revoked !== undefined && isUnread(revoked)
          ? [{ kind: 'revoked-unread', path: revoked } as const]
          : [],
      ),
    ),
  ];
  const keys = hostKeysIn(usual);
  return {
    answers,
    greeting,
    asked: true,
    settings: outlooks.map((one) => one.settings),
    seen,
    configFile,
    obstacles,
    doubts,
    rules,
    forwarding: outlooks.map(forwardRulesIn),
    keyFiles,
    ahead: outlooks.flatMap((one) => keyFilesAhead(one.settings, account, keyFile)),
    hostKeys: keys.length > 0 ? keys : hostKeysWith(shown),
    ...(pid === undefined ? {} : { pid }),
  };
}

/** Of a guest from anywhere, as far as is known. */
function startEnvironment(settings: SshdSettings | undefined): LoginEnvironment {
  return environmentUnder(settings?.outlooks[0]?.settings);
}

function environmentUnder(settings: Settings | undefined): LoginEnvironment {
  return loginEnvironment({ ...thisAccount(), shell: loginShell().path }, settings);
}

/** Blocks for some guests, whose login shell may start otherwise than the one that was tried. */
function otherEnvironments({ outlooks }: SshdSettings, usual: LoginEnvironment): Obstacle[] {
  const steered = ({ entries, unsure }: LoginEnvironment): string =>
    JSON.stringify([steering(entries).sort(), unsure]);
  const others = outlooks.flatMap(({ settings, when }) =>
    when === undefined || steered(environmentUnder(settings)) === steered(usual) ? [] : [when],
  );
  return [...new Set(others)].map((match) => ({ kind: 'other-environment', match }));
}

function textOf({ entries, unsure }: LoginEnvironment): string {
  return JSON.stringify([entries, unsure]);
}

const silent: Known = {
  answers: false,
  greeting: { kind: 'silent' },
  asked: false,
  settings: [],
  seen: [],
  configFile: defaultConfig,
  obstacles: [],
  doubts: [],
  rules: [],
  forwarding: [],
  keyFiles: [],
  ahead: [],
  hostKeys: [],
};

function doubtsOf({ greeting, settings, configFile }: Knowledge): Doubt[] {
  switch (greeting.kind) {
    case 'other':
      return [{ kind: 'other-server', greeting: greeting.text }];
    case 'no-ssh':
      return [{ kind: 'no-greeting' }];
    case 'silent':
      return [];
    case 'refusing':
    case 'openssh': {
      const refusing =
        greeting.kind === 'refusing' ? [{ kind: 'refusing', said: greeting.text } as const] : [];
      if (!settings) return [...refusing, { kind: 'settings-unread' }];
      if (settings.pid === undefined) return [...refusing, { kind: 'settings-assumed', configFile }];
      return settings.isStale ? [...refusing, { kind: 'settings-stale', configFile }] : refusing;
    }
    default:
      return greeting satisfies never;
  }
}

/** What the settings have it read whenever somebody logs in, besides files of keys. */
function filesAtLogin({ settings }: Knowledge): string[] {
  const names = ['revokedkeys', 'trustedusercakeys', 'authorizedprincipalsfile', 'banner'];
  const all = (settings?.outlooks ?? []).flatMap((one) =>
    names.flatMap((name) => one.settings.get(name) ?? []),
  );
  return [...new Set(all.filter(isAbsolute))];
}

/** This account's groups, only where the settings ask for them. */
async function groupsFor({ outlooks }: SshdSettings): Promise<string[]> {
  const asksGroups = outlooks.some(
    ({ settings }) => settings.has('allowgroups') || settings.has('denygroups'),
  );
  if (!asksGroups) return [];
  const { stdout } = await capture('id', ['-Gn']);
  return stdout.trim().split(/\s+/);
}
