/** The environment in which sshd starts an account's login shell, as far as its settings and PAM's files tell. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { matchesList } from '../domain/patterns.ts';
import type { Settings } from '../domain/sshd-settings.ts';
import type { Account } from '../system/account.ts';
import { namesIn } from '../system/names-in.ts';
import { pamEnvironment, steers } from './pam-env.ts';
import type { Files } from './pam-stack.ts';

export interface LoginEnvironment {
  /** `NAME=value`, without what differs from one guest to the next. */
  readonly entries: readonly string[];
  /** Names of variables that a guest's own ssh may add, including patterns. */
  readonly accepts: readonly string[];
  /** Files that it comes from, whether or not they exist. */
  readonly files: readonly string[];
  /** What may set variables that shells obey, and can't be followed. */
  readonly unsure: readonly string[];
}

export const diskFiles: Files = {
  read: (path) => {
    try {
      return { text: readFileSync(path, 'utf8') };
    } catch (error) {
      return /^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '') ? 'missing' : 'unread';
    }
  },
  list: namesIn,
};

/**
 * In an sshd of this machine's. Later sources count more: sshd's own, the user's file, PAM, `SetEnv`.
 * @param settings absent while they are not known: then PAM is taken to be asked if it has anything for sshd
 */
export function loginEnvironment(
  account: Account,
  settings: Settings | undefined,
  files: Files = diskFiles,
): LoginEnvironment {
  const one = (keyword: string): string | undefined => settings?.get(keyword)?.[0];
  const all = new Map(entriesOf(account).map(split));
  const found: string[] = [];
  const unsure: string[] = [];

  const allowed = one('permituserenvironment') ?? 'no';
  if (allowed !== 'no') {
    const path = join(account.home, '.ssh', 'environment');
    found.push(path);
    const own = files.read(path);
    if (own === 'unread') unsure.push(path);
    const isAllowed = (name: string): boolean => allowed === 'yes' || matchesList(allowed.split(','), name);
    if (typeof own !== 'string')
      for (const [name, value] of variablesIn(own.text)) if (isAllowed(name)) all.set(name, value);
  }
  const service = pamServiceOf(settings);
  if (service !== undefined) {
    const pam = pamEnvironment(service, account, files);
    for (const [name, value] of pam.set) all.set(name, value);
    found.push(...pam.files);
    unsure.push(...pam.unsure);
  }
  for (const entry of settings?.get('setenv') ?? []) all.set(...split(entry));
  for (const [name, value] of visit) all.set(name, value);
  const accepted = settings?.get('acceptenv') ?? (settings ? [] : ['LANG', 'LC_*']);
  return {
    entries: [...all].map(([name, value]) => `${name}=${value}`),
    accepts: accepted.flatMap((value) => value.split(' ')).filter((name) => name !== ''),
    files: found,
    unsure,
  };
}

/**
 * The name of the service by which sshd asks PAM; `undefined` if it does not.
 * @param settings absent while they are not known
 */
export function pamServiceOf(settings: Settings | undefined): string | undefined {
  const isAsked = (settings?.get('usepam')?.[0] ?? (settings ? 'no' : 'yes')) === 'yes';
  return isAsked ? (settings?.get('pamservicename')?.[0] ?? 'sshd') : undefined;
}

/** Those of `NAME=value` that steer a shell; without PATH, for which sshd has a default of its own. */
export function steering(entries: readonly string[]): string[] {
  return entries.filter((entry) => {
    const [name] = split(entry);
    return steers(name) || name === 'SHELL';
  });
}

/**
 * The same environment, with what steered the shell of a login in place of what a trial had. Start-up files make the
 * same of both, so any difference at the gate comes from sshd.
 * @param tried `NAME=value`, at the end of a trial in this environment
 * @param seen the same of a login
 */
export function corrected(
  environment: LoginEnvironment,
  tried: readonly string[],
  seen: readonly string[],
): LoginEnvironment {
  const [one, other] = [tried, seen].map((entries) => new Map(steering(entries).map(split)));
  const all = new Map(environment.entries.map(split));
  for (const [name, value] of other ?? []) if (one?.get(name) !== value) all.set(name, value);
  for (const name of one?.keys() ?? []) if (!other?.has(name)) all.delete(name);
  return { ...environment, entries: [...all].map(([name, value]) => `${name}=${value}`) };
}

/** In an sshd that asks nobody else, and sets these entries, which count. */
export function plainEnvironment(account: Account, set: readonly string[]): LoginEnvironment {
  const all = new Map([...entriesOf(account).map(split), ...set.map(split), ...visit]);
  return {
    entries: [...all].map(([name, value]) => `${name}=${value}`),
    accepts: [],
    files: [],
    unsure: [],
  };
}

/** As for somebody far away: the addresses are set aside for documentation. */
const visit: ReadonlyMap<string, string> = new Map([
  ['SSH_CLIENT', '203.0.113.1 50022 22'],
  ['SSH_CONNECTION', '203.0.113.1 50022 203.0.113.2 22'],
]);

function entriesOf({ name, uid, home, shell }: Account): string[] {
  const runtime = `/run/user/${uid}`;
  const sbin = uid === 0 ? ['/usr/local/sbin', '/usr/sbin', '/sbin'] : [];
  return [
    `USER=${name}`,
    `LOGNAME=${name}`,
    `HOME=${home}`,
    `PATH=${['/usr/local/bin', '/usr/bin', '/bin', ...sbin].join(':')}`,
    `MAIL=/var/mail/${name}`,
    `SHELL=${shell}`,
    ...(existsSync(runtime) ? [`XDG_RUNTIME_DIR=${runtime}`] : []),
  ];
}

/** `~/.ssh/environment`: lines of `NAME=value`, and comments. */
function variablesIn(text: string): [string, string][] {
  return text.split('\n').flatMap((line) => {
    const entry = line.trimStart();
    return entry === '' || entry.startsWith('#') || !entry.includes('=') ? [] : [split(entry)];
  });
}

function split(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}
