/** What an sshd's effective settings mean for a guest. */
import { realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Obstacle } from '../domain/obstacle.ts';

/** As `sshd -T` prints them: by keyword in lower case, a value for each line. */
export type Settings = ReadonlyMap<string, readonly string[]>;

/** Whom a guest is to log in as. */
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

/** What in the settings keeps a guest from coming in by `keyFile`. Settings that are not there are sshd's defaults. */
export function obstaclesIn(settings: Settings, account: Account, keyFile: string): Obstacle[] {
  const one = (keyword: string): string => settings.get(keyword)?.[0] ?? '';
  const found: Obstacle[] = [];
  if (one('pubkeyauthentication') === 'no') found.push({ kind: 'keys-off' });
  const files = words(settings, 'authorizedkeysfile').map((file) => expand(file, account));
  if (settings.has('authorizedkeysfile') && !files.some((file) => isSame(file, keyFile)))
    found.push({ kind: 'other-key-file', files });
  for (const by of ['AllowUsers', 'DenyUsers', 'AllowGroups', 'DenyGroups'] as const) {
    const patterns = words(settings, by.toLowerCase());
    const names = by.endsWith('Users') ? [account.name] : account.groups;
    // USER@HOST: whether a guest's host matches can't be known, and is hoped for.
    const hits = patterns.some((pattern) => names.some((name) => matches(pattern.split('@')[0] ?? '', name)));
    if (patterns.length > 0 && hits !== by.startsWith('Allow')) found.push({ kind: 'user-refused', by });
  }
  if (account.uid === 0 && one('permitrootlogin') === 'no') found.push({ kind: 'root-refused' });
  const command = one('forcecommand');
  if (command !== '' && command !== 'none') found.push({ kind: 'forced-command', command });
  const folder = one('chrootdirectory');
  if (folder !== '' && folder !== 'none') found.push({ kind: 'chroot', folder });
  const methods = one('authenticationmethods');
  if (methods !== '' && !methods.split(' ').some((list) => list === 'any' || list === 'publickey'))
    found.push({ kind: 'other-methods', methods });
  if (one('permittty') === 'no') found.push({ kind: 'no-terminals' });
  return found;
}

/** Whether sshd looks at who may write a keys file and the folders above it. */
export function isStrict(settings: Settings): boolean {
  return settings.get('strictmodes')?.[0] !== 'no';
}

function words(settings: Settings, keyword: string): string[] {
  const all = (settings.get(keyword) ?? []).flatMap((value) => value.split(' '));
  return all.filter((word) => word !== '' && word !== 'none');
}

/** The tokens of `AuthorizedKeysFile`. */
function expand(file: string, { name, uid, home }: Account): string {
  const tokens: Readonly<Record<string, string>> = { '%%': '%', '%h': home, '%u': name, '%U': String(uid) };
  const path = file.replaceAll(/%./g, (token) => tokens[token] ?? token);
  return isAbsolute(path) ? path : join(home, path);
}

function isSame(one: string, other: string): boolean {
  return one === other || real(one) === real(other);
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

/** OpenSSH's patterns: `*` and `?`. One that is negated never matches. */
function matches(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/[^*?]/g, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'u').test(name);
}
