/** The values of options and arguments, from text. Each throws a usage failure that says what to write instead. */

import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseForProvider, parseReference } from '../providers/index.ts';
import type { Names } from './control/known.ts';
import { usage } from './domain/failure.ts';
import { type Access, isNonEmpty, type NonEmpty, type Reference } from './domain/guest.ts';
import type { DoorIntent } from './domain/intent.ts';
import { homeFolder } from './system/home.ts';
import { type Shell, shells } from './ui/completion/completion.ts';

/** The options that name a guest by forge, and what they are called in help. */
export const forges = [
  ['github', 'GitHub'],
  ['gitlab', 'GitLab'],
  ['codeberg', 'Codeberg'],
  ['forgejo', 'Forgejo (user@host)'],
  ['gitea', 'Gitea (user@host)'],
  ['sourcehut', 'sourcehut'],
  ['launchpad', 'Launchpad'],
] as const;

export type ForgeOptions = { readonly [Forge in (typeof forges)[number][0]]?: readonly string[] };

/** The guests that operands and forge options name together, one at least. */
export function referencesOf(
  names: readonly string[],
  options: ForgeOptions,
  env: NodeJS.ProcessEnv,
): NonEmpty<Reference> {
  const references = [
    ...names.map((name) => parseReference(name, env)),
    ...forges.flatMap(([forge]) => (options[forge] ?? []).map((user) => parseForProvider(forge, user, env))),
  ];
  if (isNonEmpty(references)) return references;
  return usage(
    'who is your guest?',
    'name them: tmuxpair @octocat, tmuxpair gitlab:bob, or tmuxpair partner_key.pub',
  );
}

/** The absolute path of the `authorized_keys` file; the account's own, where none is named. */
export function keyFileOf(named: string | undefined): string {
  if (named === '') usage('--authorized-keys needs the path of a file');
  if (named !== undefined) return resolve(named.replace(/^~(?=\/)/, () => homeFolder()));
  return join(homeFolder(), '.ssh', 'authorized_keys');
}

export function parsePort(text: string, option: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  return usage(`${option} ${JSON.stringify(text)} is not a port`, 'a port is a number from 1 to 65535');
}

/** tmux takes `:` and `.` apart, `=` and `$` as patterns, and runs what `#(…)` names. */
export function parseSession(text: string): string {
  if (isSession(text)) return text;
  return usage(
    `--session ${JSON.stringify(text.slice(0, 80))} can't be the name of a session`,
    'use up to 32 letters, digits, _ and -, the first of them no -',
  );
}

/** Whether a session may be called so. */
export function isSession(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$/.test(text);
}

export function parseDoor(text: string): DoorIntent['door'] {
  if (text === 'auto' || text === 'system' || text === 'private') return text;
  return usage(`--door ${JSON.stringify(text.slice(0, 80))} is no door`, 'use auto, system or private');
}

export function parseBind(text: string): string {
  if (isIP(text) !== 0) return text;
  return usage(
    `--bind ${JSON.stringify(text.slice(0, 80))} is no address`,
    'such as 127.0.0.1, or :: for all',
  );
}

export function parseHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return bare;
  if (/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}$/.test(text)) return text;
  return usage(`--host ${JSON.stringify(text.slice(0, 80))} is not a host name or address`);
}

/** A key as tmux writes it, of those that it takes for one key and nothing else. */
export function parseKey(text: string): string {
  if (/^(?:[CM]-)?(?:[A-Za-z0-9]|F(?:[1-9]|1[0-2]))$/.test(text)) return text;
  return usage(
    `--menu-key ${JSON.stringify(text.slice(0, 80))} is no key`,
    'use a letter, a digit, C-g, M-g, F5, or off',
  );
}

export function parseAccess(text: string): Access {
  if (/^(ro|read-?only)$/.test(text)) return 'read-only';
  if (/^(rw|read-?write)$/.test(text)) return 'read-write';
  return usage(`${JSON.stringify(text.slice(0, 80))} is no access`, 'say ro (may look) or rw (may type)');
}

export function parseShell(text: string): Shell {
  const shell = shells.find((one) => one === text);
  return (
    shell ?? usage(`there is no completion for ${JSON.stringify(text.slice(0, 80))}`, 'say bash, zsh or fish')
  );
}

export function parseNames(text: string): Names {
  const names = (['guests', 'pairings', 'known'] as const).find((one) => one === text);
  return names ?? usage(`${JSON.stringify(text.slice(0, 80))} has no names`);
}
