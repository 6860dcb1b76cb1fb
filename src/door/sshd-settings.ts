/** What an sshd's effective settings mean for a guest. */

import { realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isMatch } from '../domain/glob.ts';
import { distinct, type Obstacle } from '../domain/obstacle.ts';
import { matches } from '../domain/patterns.ts';
import type { Settings } from '../domain/sshd-settings.ts';

/** The settings that hold for connections of one kind. */
export interface Outlook {
  readonly settings: Settings;
  /** The `Match` line that makes the difference; absent for what holds for a guest from anywhere. */
  readonly when?: string;
}

/** The account that a guest is to log in to. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** As the password file has it. */
  readonly home: string;
  readonly groups: readonly string[];
}

export function parseSettings(text: string): Settings {
  const settings = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, keyword, value] = /^([a-z0-9]+) (.*)$/i.exec(line) ?? [];
    if (keyword === undefined || value === undefined) continue;
    const name = keyword.toLowerCase();
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

/**
 * What in the settings keeps a guest from coming in by `keyFile`, or may let one in past it. Missing settings are
 * sshd's defaults. What holds under each outlook is reported once.
 */
export function obstaclesFor(outlooks: readonly Outlook[], account: Account, keyFile: string): Obstacle[] {
  return distinct(
    outlooks.flatMap(({ settings, when }) =>
      obstaclesIn(settings, account, keyFile).map((obstacle) => under(obstacle, when)),
    ),
  );
}

/** An obstacle that holds under a `Match` line, or for everybody. */
export function under(obstacle: Obstacle, when: string | undefined): Obstacle {
  return when === undefined ? obstacle : { ...obstacle, when };
}

function obstaclesIn(settings: Settings, account: Account, keyFile: string): Obstacle[] {
  const one = (keyword: string): string => settings.get(keyword)?.[0] ?? '';
  const isSet = (value: string): boolean => value !== '' && value !== 'none';
  const found: Obstacle[] = [];
  if (one('pubkeyauthentication') === 'no') found.push({ kind: 'keys-off' });
  const files = keyFileNames(settings, account);
  if (settings.has('authorizedkeysfile') && !files.some((file) => names(file, keyFile)))
    found.push({ kind: 'other-key-file', files });
  found.push(...userObstacles(settings, account));
  if (account.uid === 0 && one('permitrootlogin') === 'no') found.push({ kind: 'root-refused' });
  const command = one('forcecommand');
  if (isSet(command)) found.push({ kind: 'forced-command', command });
  const folder = one('chrootdirectory');
  if (isSet(folder)) found.push({ kind: 'chroot', folder });
  const methods = one('authenticationmethods');
  if (methods !== '' && !methods.split(' ').some((list) => list === 'any' || list === 'publickey'))
    found.push({ kind: 'other-methods', methods });
  if (one('permittty') === 'no') found.push({ kind: 'no-terminals' });
  if (one('maxsessions') === '0') found.push({ kind: 'all-refused', setting: 'MaxSessions 0' });
  if (one('maxauthtries') === '0') found.push({ kind: 'all-refused', setting: 'MaxAuthTries 0' });
  if (one('refuseconnection') === 'yes') found.push({ kind: 'all-refused', setting: 'RefuseConnection yes' });

  if (isSet(one('authorizedkeyscommand')))
    found.push({ kind: 'keys-command', command: one('authorizedkeyscommand') });
  if (isSet(one('trustedusercakeys'))) found.push({ kind: 'user-ca', path: one('trustedusercakeys') });
  const variables = words(settings, 'acceptenv').filter((name) => !isHarmless(name));
  if (variables.length > 0) found.push({ kind: 'guest-environment', names: variables });
  const tries = Number(one('maxauthtries') || 6);
  if (tries === 1 || tries === 2) found.push({ kind: 'few-tries', tries });
  return found;
}

function userObstacles(settings: Settings, account: Account): Obstacle[] {
  return (['AllowUsers', 'DenyUsers', 'AllowGroups', 'DenyGroups'] as const).flatMap((by): Obstacle[] => {
    const patterns = words(settings, by.toLowerCase());
    const names = by.endsWith('Users') ? [account.name] : account.groups;
    const hits = patterns.filter((pattern) =>
      names.some((name) => matches(pattern.split('@')[0] ?? '', name)),
    );
    if (patterns.length > 0 && hits.length > 0 !== by.startsWith('Allow'))
      return [{ kind: 'user-refused', by }];
    // USER@HOST: whether a guest's host matches can't be known.
    const hosts = hits.flatMap((pattern) => pattern.split('@').slice(1));
    return by === 'AllowUsers' && hits.length > 0 && hosts.length === hits.length
      ? [{ kind: 'hosts-limited', hosts }]
      : [];
  });
}

/**
 * Whether a guest may set these variables: they name a language, or colours, and no shell or linker obeys them. Others
 * are obeyed (`BASH_ENV`, `LD_PRELOAD`, `ZDOTDIR`), and start-up files may obey any.
 */
function isHarmless(pattern: string): boolean {
  return /^(LC_[A-Za-z0-9_*?]*|LANG|LANGUAGE|COLORTERM|NO_COLOR|XMODIFIERS|GIT_PROTOCOL)$/.test(pattern);
}

/** The files from which sshd reads keys, absolute. From OpenSSH 10 on a name may be a pattern. */
export function keyFileNames(settings: Settings, account: Account): string[] {
  return words(settings, 'authorizedkeysfile').map((name) => expand(name, account));
}

/** Those of them that sshd reads before `file`; all, if it does not read that. A key in them counts first. */
export function keyFilesAhead(settings: Settings, account: Account, file: string): string[] {
  const all = keyFileNames(settings, account);
  const at = all.findIndex((name) => names(name, file));
  return at === -1 ? all : all.slice(0, at);
}

/** Whether sshd looks at who may write a key file and the folders above it. */
export function isStrict(settings: Settings): boolean {
  return settings.get('strictmodes')?.[0] !== 'no';
}

/** Whether `~/.ssh/environment` is read. */
export function readsEnvironment(settings: Settings): boolean {
  return !['no', undefined].includes(settings.get('permituserenvironment')?.[0]);
}

function words(settings: Settings, keyword: string): string[] {
  const all = (settings.get(keyword) ?? []).flatMap((value) => value.split(' '));
  return all.filter((word) => word !== '' && word !== 'none');
}

/** Expands the tokens of `AuthorizedKeysFile`. */
export function expand(file: string, { name, uid, home }: Account): string {
  const tokens: Readonly<Record<string, string>> = { '%%': '%', '%h': home, '%u': name, '%U': String(uid) };
  const path = file.replaceAll(/%./g, (token) => tokens[token] ?? token);
  return isAbsolute(path) ? path : join(home, path);
}

/** Whether a name among sshd's key files, or a pattern, means `file`. */
function names(name: string, file: string): boolean {
  if (name === file || real(name) === real(file)) return true;
  const [parts, wanted] = [name.split('/'), file.split('/')];
  return parts.length === wanted.length && parts.every((part, at) => isMatch(part, wanted[at] ?? ''));
}

/** The path without symbolic links, as far as it exists. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const at = path.lastIndexOf('/');
    return at <= 0 ? path : join(real(path.slice(0, at)), path.slice(at + 1));
  }
}
