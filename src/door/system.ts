/** The `system` door: the sshd that this machine runs, and the account's own `authorized_keys`. */

import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { PublicKey } from '../domain/public-key.ts';
import { capture } from '../spawn/capture.ts';
import { thisAccount } from '../system/account.ts';
import { isOwnOrRoots } from '../system/ownership.ts';
import { inTurn, type Marks, recall, remember } from '../system/remembered.ts';
import { addressesIn, portsOfAll, type SettingsQuery, type SshdSettings, settingsOn } from './ask-sshd.ts';
import { type Greeting, knock } from './greeting.ts';
import { fromPlain, type Knowledge, toPlain } from './knowledge.ts';
import { describe, type Known, silent, startEnvironment, textOf } from './known.ts';
import { accepts, inOrder, isAny, reachable, reaches } from './reachable.ts';
import { hostKeysIn, scanHostKey } from './served-keys.ts';
import { type ListeningSocket, listeningSockets } from './sockets.ts';
import type { SshdVersion } from './sshd-version.ts';

/** The sshd on a port of this machine. */
export interface SystemDoor {
  readonly port: number;
  /** Whether something listens there. */
  readonly listens: boolean;
  /** An address at which it can be reached from here; the likeliest one until it has been heard. */
  readonly host: string;
  /** Whether a connection to that address of this machine's reaches it, as far as is known. */
  readonly listensOn: (address: string) => boolean;
  /** All of its addresses, if it does not listen on every one of this machine's, as far as is known. */
  readonly onlyAt: readonly string[] | undefined;
  /** As its greeting says, if that has been heard, or is remembered. */
  version(): SshdVersion | undefined;
  /** What the greeting and the settings tell: remembered, or asked for once. Does not reject. */
  known(): Promise<Known>;
  /**
   * What a verdict on it depends on, for what is remembered of it: facts as text, files as they were when it was asked,
   * and files that it reads at a login.
   */
  depends(): Promise<Depends>;
  /**
   * Whether its sockets are still there, by the kernel's list: `changed` if some are others, for example after a
   * reload.
   */
  stands(): 'same' | 'changed' | 'gone';
  /** Looks again, and asks again for what has changed. */
  again(): Promise<SystemDoor>;
  /** Notes that it was seen to show these host keys. */
  hasShown(keys: readonly PublicKey[]): void;
  /** Notes that a login was seen to have these variables at the gate, as `NAME=value`: those that steer shells. */
  hasGiven(entries: readonly string[]): void;
}

export interface Depends {
  readonly facts: readonly string[];
  readonly marks: Marks;
  readonly files: readonly string[];
}

export interface SystemQuery extends SettingsQuery {
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  /** The `authorized_keys` file by which guests are to be let in, absolute. */
  readonly keyFile: string;
  /** If several sshds have that port, the address of this machine's that guests are to come to. */
  readonly towards?: string | undefined;
  /** Asks again even if something is remembered. */
  readonly isFresh?: boolean;
}

const day = 86_400;

/** Who listens on a port. Does not connect if the kernel lists who listens. */
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
  const ours = listeningSockets().filter(isOwnOrRoots);
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

/** What is remembered of an sshd depends on who listens, and on the account that it is asked about. */
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

/**
 * The lines of the groups that list this account, as a login will find them: this process has the groups of its own
 * login.
 */
function groupLines(name: string): string {
  try {
    const lines = readFileSync('/etc/group', 'utf8').split('\n');
    return lines.filter((line) => line.split(':')[3]?.split(',').includes(name)).join(' ');
  } catch {
    return '';
  }
}

/** The addresses that accept a connection, if the kernel does not list who listens. */
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
  // The server that was heard there may be another than the sshd with these settings.
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

/** What the settings have it read whenever somebody logs in, besides key files. */
function filesAtLogin({ settings }: Knowledge): string[] {
  const names = ['revokedkeys', 'trustedusercakeys', 'authorizedprincipalsfile', 'banner'];
  const all = (settings?.outlooks ?? []).flatMap((one) =>
    names.flatMap((name) => one.settings.get(name) ?? []),
  );
  return [...new Set(all.filter(isAbsolute))];
}

/** This account's groups, only if the settings ask for them. */
async function groupsFor({ outlooks }: SshdSettings): Promise<string[]> {
  const asksGroups = outlooks.some(
    ({ settings }) => settings.has('allowgroups') || settings.has('denygroups'),
  );
  if (!asksGroups) return [];
  const { stdout } = await capture('id', ['-Gn']);
  return stdout.trim().split(/\s+/);
}
