/**
 * Options from the environment, with `--read-only` as TMUXPAIR_READ_ONLY. The names derive from the options themselves,
 * so no option can be left out.
 */
import type { Option } from 'commander';
import { usage } from '../domain/failure.ts';
import { nearest } from '../domain/nearest.ts';
import { isSettable, parsed, type Source, settingFrom } from './source.ts';

/** Other spellings of options, including the ancestor's. */
const spellings: Readonly<Record<string, string>> = {
  readonly: 'read-only',
  authorized_keys: 'authorized-keys',
};

type Env = Readonly<Record<string, string | undefined>>;

const prefix = 'TMUXPAIR_';

/** A word of the command line, with options in today's spelling. */
export function respelt(word: string): string {
  const [, no = '', name = '', rest = ''] = /^--(no-)?([a-z_]+)(=.*)?$/s.exec(word) ?? [];
  const today = Object.hasOwn(spellings, name) ? spellings[name] : undefined;
  return today === undefined ? word : `--${no}${today}${rest}`;
}

export function environment(env: Env): Source {
  return {
    name: 'env',
    settingFor: (option) => settingOf(option, env),
    refuseUnknown: (own, all) => refuseUnknown(env, own, all),
  };
}

function settingOf(option: Option, env: Env): unknown {
  const [first, ...others] = variablesOf(option).filter((name) => Boolean(env[name]));
  if (first === undefined) return undefined;
  const read = (name: string) => settingFrom(option, env[name] ?? '', name);
  const value = read(first);
  for (const other of others) {
    if (read(other) !== value) usage(`${first} and ${other} contradict each other`, 'unset one of the two');
  }
  return parsed(option, value);
}

/** The variables of an option, the usual one first. */
function variablesOf({ long = '' }: Option): string[] {
  const name = long.slice(2);
  const others = Object.keys(spellings).filter((other) => spellings[other] === name);
  return [...new Set([name, ...others].map(variableOf))];
}

function variableOf(name: string): string {
  return prefix + name.replaceAll('-', '_').toUpperCase();
}

async function refuseUnknown(
  env: Env,
  own: readonly Option[],
  all: () => Promise<readonly Option[]>,
): Promise<void> {
  const names = Object.keys(env).filter((name) => name.toUpperCase().startsWith(prefix) && env[name]);
  const unknown = unknownIn(names, own);
  if (unknown.length === 0) return;
  const options = await all();
  const known = options.filter(isSettable).flatMap(variablesOf);
  for (const name of unknownIn(unknown, options)) {
    const near = nearest(bare(name), known, bare);
    // In small letters it is the user's own variable, unless only the case differs from one of ours.
    if (!name.startsWith(prefix) && (near === undefined || bare(near) !== bare(name))) continue;
    usage(
      `${name} is no option of tmuxpair`,
      near === undefined
        ? 'unset it; --ttl is TMUXPAIR_TTL, and so on: see tmuxpair -h'
        : `did you mean ${near}?`,
    );
  }
}

/** TMUXPAIR_VERSION counts as known: it asks for nothing, and installers set such variables. */
function unknownIn(names: readonly string[], options: readonly Option[]): string[] {
  const known = options.flatMap((option) => (option.hidden ? [] : variablesOf(option)));
  return names.filter((name) => !known.includes(name));
}

function bare(name: string): string {
  return name.slice(prefix.length).replaceAll('_', '').toUpperCase();
}
