/**
 * What the sshds of this machine are set to, as `sshd -T` reports it. Unprivileged users can ask, too, given any
 * private key.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from '../domain/sshd-settings.ts';
import { capture } from '../spawn/capture.ts';
import { thisAccount } from '../system/account.ts';
import { isOwnOrRoots } from '../system/ownership.ts';
import { joinMarks, type Marks, markFiles } from '../system/remembered.ts';
import { configIn, defaultConfig, readConfigFile } from './config-file.ts';
import { holdsSocket, listeners, sharesFiles, startedAt } from './listeners.ts';
import { type Spec, specsFor } from './match-specs.ts';
import { type ListeningSocket, listeningSockets } from './sockets.ts';
import { keyFileNames, type Outlook, parseSettings } from './sshd-settings.ts';

export interface SettingsQuery {
  /** Absolute path of sshd. */
  readonly sshd: string;
  /** Gives any private key, if there is one: without one, sshd reports its settings to root alone. */
  readonly anyKey: () => Promise<string | undefined>;
}

/** The settings of one sshd, for this account. Plain data, except for the maps. */
export interface SshdSettings {
  /** What holds for a guest from anywhere, then what `Match` blocks make of it for others. */
  readonly outlooks: readonly Outlook[];
  /** Blocks for which it can't be said whom they apply to. */
  readonly unresolved: readonly string[];
  /** Those of its arguments that choose its configuration. */
  readonly args: readonly string[];
  /** Whether its files have changed since it read them, as far as is known: it may run with other settings. */
  readonly isStale?: boolean;
  /** Its process; absent for the settings of an sshd without arguments, which is not seen to run. */
  readonly pid?: number;
  /** The user of that process. */
  readonly uid: number;
}

export interface Answer {
  /** `undefined` if no sshd tells. */
  readonly settings: SshdSettings | undefined;
  /** What the answer depends on, as it was before the question. */
  readonly marks: Marks;
}

interface Candidate extends Answer {
  readonly configFile: string;
  /** Whether its process is seen. */
  readonly isSeen: boolean;
}

/** The answer of the sshd on a port. */
export interface AnswerOn extends Answer {
  /** Its configuration file; if it can't be known which sshd that is, that of one that it may be. */
  readonly configFile: string;
  /** The addresses there that are its own, if its settings tell; another sshd may have others. */
  readonly at?: readonly string[];
}

/**
 * The settings of the sshd that has the first of these sockets: one that is seen to run, or one that would run by
 * default. Every sshd that may have it is asked. If more than one may, or one of them does not tell, nothing is known.
 * @param sockets on that port, as far as they are known, first the one that guests come to
 */
export async function settingsOn(
  port: number,
  query: SettingsQuery,
  sockets: readonly ListeningSocket[],
): Promise<AnswerOn> {
  let marks: Marks = { files: {}, isFresh: false };
  const [first] = sockets;
  const inodes = sockets.map(({ inode }) => inode);
  const possible: Candidate[] = [];
  for await (const answer of running({ ...query, port, isCandidate: (pid) => isOn(pid, inodes) })) {
    marks = joinMarks(marks, answer.marks);
    const { settings, isSeen } = answer;
    // If one is seen to run, the defaults of another say nothing.
    if (!isSeen && (possible.length > 0 || !settings)) continue;
    if (!settings || (first ? has(settings, first) : portsIn(settings).includes(port))) possible.push(answer);
  }
  const [one, ...more] = possible;
  const configFile = one?.configFile ?? defaultConfig;
  if (!one?.settings || more.length > 0) return { settings: undefined, marks, configFile };
  const { settings } = one;
  const at = sockets.filter((socket) => has(settings, socket)).map(({ address }) => address);
  return { settings, marks, configFile, ...(first ? { at } : {}) };
}

/**
 * Whether a socket may be that sshd's: its settings have it listen there, its user has the socket and, as far as that
 * can be seen, so does its process.
 */
function has(settings: SshdSettings, { address, port, uid, inode }: ListeningSocket): boolean {
  if (uid !== settings.uid || !addressesIn(settings, port).includes(address)) return false;
  return settings.pid === undefined || holdsSocket(settings.pid, [inode]) !== false;
}

/**
 * The ports in the settings of the sshds that are seen to run.
 * @param inodes of all sockets on this machine, as far as they are known
 */
export async function portsOfAll(
  query: SettingsQuery,
  inodes: readonly string[],
): Promise<{ ports: number[]; marks: Marks }> {
  let marks: Marks = { files: {}, isFresh: false };
  const ports = new Set<number>();
  for await (const answer of running({ ...query, isCandidate: (pid) => isOn(pid, inodes) })) {
    marks = joinMarks(marks, answer.marks);
    if (answer.settings?.pid !== undefined) for (const port of portsIn(answer.settings)) ports.add(port);
  }
  return { ports: [...ports], marks };
}

/** The addresses that its settings have it listen on, without zones. */
export function addressesIn(settings: SshdSettings, port: number): string[] {
  return listenIn(settings).flatMap(({ address, at }) => (at === port ? address : []));
}

function portsIn(settings: SshdSettings): number[] {
  return [...new Set(listenIn(settings).map(({ at }) => at))];
}

function listenIn({
  outlooks: [outlook],
}: SshdSettings): { readonly address: string; readonly at: number }[] {
  return (outlook?.settings.get('listenaddress') ?? []).flatMap((text) => {
    const [, bracketed, bare, at] = /^(?:\[([^\]%]+)(?:%[^\]]*)?\]|([^:\s]+)):(\d+)\b/.exec(text) ?? [];
    const address = bracketed ?? bare;
    return address === undefined ? [] : [{ address, at: Number(at) }];
  });
}

/**
 * False for one that is seen to have other sockets, or to be in another network: processes of containers are seen, too.
 */
function isOn(pid: number, inodes: readonly string[]): boolean {
  if (inodes.length === 0) return true;
  return holdsSocket(pid, inodes) ?? listeningSockets(pid).some(({ inode }) => inodes.includes(inode));
}

/** Every sshd that is seen to run, then one that would run by default. */
async function* running({
  sshd,
  port,
  anyKey,
  isCandidate = () => true,
}: SettingsQuery & {
  readonly port?: number;
  readonly isCandidate?: (pid: number) => boolean;
}): AsyncGenerator<Candidate> {
  const key = process.geteuid?.() === 0 ? undefined : await anyKey();
  const seen = (await listeners()).filter(({ pid }) => isCandidate(pid));
  const unseen = { pid: undefined, uid: 0, program: sshd, config: [] };
  for (const { pid, uid, program, config: args } of [...seen, unseen]) {
    const { file, options } = configIn(args);
    const before = readConfigFile(file, options);
    const marks = markFiles([sshd, ...before.sources, ...(before.unread.length > 0 ? usualParts() : [])]);
    const question = { args, key, port };
    // Another build has another default configuration, and may understand a configuration in another way.
    const told = isSameFile(program, sshd) ? await ask(sshd, question) : undefined;
    const settings = told && isOfTheirs(pid, told, before.sources) ? told : undefined;
    const isSeen = pid !== undefined;
    if (!settings) {
      if (isSeen && process.platform === 'linux' && !existsSync(`/proc/${pid}`)) continue; // It has just ended.
      yield { settings, marks, isSeen, configFile: file };
      continue;
    }
    const { specs, unresolved } = specsFor(before, thisAccount());
    const more = await Promise.all(specs.map((spec) => ask(sshd, question, spec)));
    const outlooks = specs.flatMap(({ when }, at) => {
      const theirs = more[at];
      return theirs ? [{ settings: theirs, when }] : [];
    });
    const failed = specs.flatMap(({ when }, at) => (more[at] ? [] : [when]));
    yield {
      settings: {
        outlooks: [{ settings }, ...outlooks],
        unresolved: [...new Set([...unresolved, ...failed])],
        args,
        uid,
        ...(pid === undefined ? {} : { pid, isStale: isStale(pid, settings, [sshd, ...before.sources]) }),
      },
      marks,
      isSeen,
      configFile: file,
    };
  }
}

function isSameFile(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}

/** Whether it reads the same files as we do: one in a container, or in a chroot, has others by the same names. */
function isOfTheirs(pid: number | undefined, settings: Settings, sources: readonly string[]): boolean {
  if (pid === undefined) return true;
  const keyFiles = keyFileNames(settings, { ...thisAccount(), groups: [] });
  return sharesFiles(pid, [...sources, ...keyFiles]);
}

/**
 * Whether one of these has changed since sshd read them: at its start, or at a SIGHUP, after which it writes its
 * PidFile again. Nothing else shows a SIGHUP, so without a PidFile an sshd that has reread them may count as stale.
 */
function isStale(pid: number, settings: Settings, sources: readonly string[]): boolean {
  const readAt = Math.max(startedAt(pid) ?? 0, wroteAt(settings.get('pidfile')?.[0], pid) ?? 0);
  return sources.some((path) => changedAt(path) > readAt);
}

/** When it wrote its pid there, if it did. Only root or we could have put it there instead. */
function wroteAt(path: string | undefined, pid: number): number | undefined {
  if (path === undefined || path === 'none') return undefined;
  try {
    const { uid, mode, mtimeMs } = statSync(path);
    const isTheirs = isOwnOrRoots({ uid }) && (mode & 0o022) === 0;
    return isTheirs && readFileSync(path, 'latin1').trim() === String(pid) ? mtimeMs : undefined;
  } catch {
    return undefined;
  }
}

/** In ms since the epoch: when the file, the link to it, or the folder that it is gone from last changed. */
function changedAt(path: string): number {
  try {
    return Math.max(lstatSync(path).ctimeMs, statSync(path).ctimeMs);
  } catch {
    return dirname(path) === path ? 0 : changedAt(dirname(path));
  }
}

/** What an unreadable configuration is likely to include: whoever changes it is likely to change these. */
function usualParts(): string[] {
  const folder = '/etc/ssh/sshd_config.d';
  try {
    return [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  } catch {
    return [folder];
  }
}

/**
 * The settings that hold for this account, for a guest from anywhere or as `spec` has it; `undefined` if sshd does not
 * tell.
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
  const { code, stdout } = await capture(sshd, words, { timeoutMs: 3000 });
  return code === 0 ? parseSettings(stdout) : undefined;
}
