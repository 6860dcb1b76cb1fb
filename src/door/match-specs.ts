/**
 * What to ask `sshd -T` about, besides a guest from anywhere: connections for which a `Match` block holds that depends
 * on where they come from.
 */

import { matchesList } from '../domain/patterns.ts';
import type { ConfigFile, Directive, Match } from './config-file.ts';
import type { Account } from './sshd-settings.ts';

/** For `-C`, in place of what stands for a guest from anywhere. */
export interface Spec {
  readonly fields: Readonly<Partial<Record<'addr' | 'host' | 'laddr' | 'rdomain', string>>>;
  readonly when: string;
}

/** The settings that we look at in a block; others change nothing for a guest. */
const relevant = new Set([
  'acceptenv',
  'allowgroups',
  'allowtcpforwarding',
  'allowusers',
  'authenticationmethods',
  'authorizedkeyscommand',
  'authorizedkeysfile',
  'chrootdirectory',
  'denygroups',
  'denyusers',
  'disableforwarding',
  'forcecommand',
  'maxauthtries',
  'maxsessions',
  'permitopen',
  'permitrootlogin',
  'permittty',
  'permituserenvironment',
  'pubkeyacceptedalgorithms',
  'pubkeyacceptedkeytypes',
  'pubkeyauthentication',
  'pubkeyauthoptions',
  'refuseconnection',
  'requiredrsasize',
  'revokedkeys',
  'rsaminsize',
  'setenv',
  'trustedusercakeys',
  'usepam',
]);

/** If there are more than these, the rest is not known: each takes sshd some ms. */
const mostSpecs = 24;

/** @returns what to ask, and the blocks for which it can't be said whom they apply to */
export function specsFor(
  { directives }: ConfigFile,
  account: Pick<Account, 'name'>,
): { readonly specs: readonly Spec[]; readonly unresolved: readonly string[] } {
  const blocks = new Map<string, readonly Match[]>();
  for (const { keyword, matches } of directives) {
    if (relevant.has(keyword) && matches.length > 0 && mayHold(matches, account))
      blocks.set(textOf(matches), matches);
  }
  const specs: Spec[] = [];
  const unresolved: string[] = [];
  for (const [when, matches] of blocks) {
    const found = fieldsFor(matches);
    if (found === undefined || specs.length + found.length > mostSpecs) unresolved.push(when);
    else specs.push(...found.map((fields) => ({ fields, when })));
  }
  return { specs, unresolved };
}

/** The names of key files in lines that may hold for the account, whoever connects. They still contain tokens. */
export function namedKeyFiles({ directives }: ConfigFile, account: Pick<Account, 'name'>): string[] {
  return directives.flatMap(({ keyword, args, matches }: Directive) =>
    keyword === 'authorizedkeysfile' && mayHold(matches, account)
      ? args.filter((name) => name.toLowerCase() !== 'none')
      : [],
  );
}

/** Whether an sshd may let the account in: no, if its `AllowUsers` names only others, from wherever they come. */
export function mayAllow({ directives }: ConfigFile, { name }: Pick<Account, 'name'>): boolean {
  const lists = directives.filter(({ keyword }) => keyword === 'allowusers');
  if (!lists.some(({ matches }) => matches.length === 0)) return true; // Outside those blocks it allows everybody.
  const users = lists.flatMap(({ args }) => args).map((one) => one.replace(/@.*/, ''));
  return users.some((one) => /[!,]/.test(one) || matchesList([one], name));
}

function mayHold(matches: readonly Match[], { name }: Pick<Account, 'name'>): boolean {
  return matches.every(({ criteria }) =>
    criteria.every(
      (one) => one.name !== 'invalid-user' && (one.name !== 'user' || matchesList(one.patterns, name)),
    ),
  );
}

function textOf(matches: readonly Match[]): string {
  return matches.map(({ text }) => text).join(', ');
}

type Fields = Spec['fields'];

/** Connections that satisfy all of it; none if it does not depend on where they come from; `undefined` if unknown. */
function fieldsFor(matches: readonly Match[]): Fields[] | undefined {
  let all: Fields[] = [{}];
  for (const { name, patterns } of matches.flatMap(({ criteria }) => criteria)) {
    const field = { address: 'addr', host: 'host', localaddress: 'laddr', rdomain: 'rdomain' }[name];
    if (field !== undefined) {
      if (patterns.some((pattern) => pattern.startsWith('!'))) return undefined; // A sample could be what it excludes.
      const samples = patterns.flatMap(field === 'addr' || field === 'laddr' ? addresses : names);
      all = all.flatMap((fields) => samples.map((sample) => ({ ...fields, [field]: sample })));
    } else if (!/^(all|user|group|localport|invalid-user)$/.test(name)) return undefined;
  }
  return all.filter((fields) => Object.keys(fields).length > 0);
}

function names(pattern: string): string[] {
  return [pattern.replaceAll(/[*?]/g, 'x')];
}

/** Addresses that a pattern means. Not the first ones, which often have a block of their own. */
function addresses(pattern: string): string[] {
  const [, base = '', length] = /^([0-9a-f.:]+)\/(\d+)$/i.exec(pattern) ?? [];
  if (length !== undefined) return [base.includes(':') ? within6(base, +length) : within4(base, +length)];
  if (pattern === '*') return ['198.51.100.77', '2001:db8::77', '127.0.0.1'];
  if (!/[*?]/.test(pattern)) return [pattern];
  if (pattern.includes(':')) return [pattern.replaceAll('*', '77').replaceAll('?', '7')];
  const octets = pattern.replaceAll('?', '7').split('.');
  const filled = octets.map((octet) => octet.replace(/^\*$/, '77').replaceAll('*', '7'));
  while (filled.length < 4) filled.push('77');
  return [filled.join('.')];
}

function within4(base: string, length: number): string {
  const value = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const free = 2 ** (32 - Math.min(32, length));
  const at = value - (value % free) + (0x25d3a7b5 % free);
  return [24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256).join('.');
}

/** With some of the last bits set, if they are free. */
function within6(base: string, length: number): string {
  if (length > 112) return base;
  return base.endsWith('::') ? `${base}d3a7` : base.replace(/[0-9a-f]*$/i, 'd3a7');
}
