/**
 * Where options come from besides the command line: the environment, with `--read-only` as TMUXPAIR_READ_ONLY. The
 * names are those of the options themselves, so no option can be left out. A variable that means nothing is refused:
 * whoever set it believes that it protects them.
 */
import type { Command, Option } from 'commander';
import { usage } from '../domain/failure.ts';
import { nearest } from '../domain/nearest.ts';

/** Other spellings of options, including the ancestor's. */
const spellings: Readonly<Record<string, string>> = {
  readonly: 'read-only',
  authorized_keys: 'authorized-keys',
};

/** If a later source gives one of these, an earlier source's gives way to it. */
const rivals: Readonly<Record<string, string>> = {
  offline: 'refresh',
  refresh: 'offline',
  share: 'session',
  session: 'share',
};

type Env = Readonly<Record<string, string | undefined>>;

const prefix = 'TMUXPAIR_';

/** A word of the command line, with options in today's spelling. */
export function respelt(word: string): string {
  const [, no = '', name = '', rest = ''] = /^--(no-)?([a-z_]+)(=.*)?$/s.exec(word) ?? [];
  const today = Object.hasOwn(spellings, name) ? spellings[name] : undefined;
  return today === undefined ? word : `--${no}${today}${rest}`;
}

/** Something that gives options. */
interface Source {
  /** Its value for an option; `undefined` if it has none. @throws Refusal `usage` for an invalid value */
  readonly settingFor: (option: Option) => unknown;
  /** commander's name for it. */
  readonly name: string;
}

/**
 * Sets a command's options from the sources besides the command line. A later source replaces what an earlier one gave,
 * including lists: first come the defaults, which the commands themselves know, then the environment, then the command
 * line. Options that `--no-…` has taken back count as absent from then on.
 * @param all every option of the program, to tell what a variable may mean
 * @param except attributes that only the command line sets here
 * @throws Refusal `usage` for an invalid value, and for a variable that is no option's
 */
export async function takeSources(
  command: Command,
  all: () => Promise<readonly Option[]>,
  env: Env,
  except: readonly string[],
): Promise<void> {
  await refuseUnknown(command, all, env);
  const sources: readonly Source[] = [{ name: 'env', settingFor: (option) => settingOf(option, env) }];
  for (const source of [...sources].reverse()) take(source, command, except);
  for (const option of command.options) {
    const name = option.attributeName();
    if (!option.isBoolean() && !option.negate && command.getOptionValue(name) === false)
      command.setOptionValue(name, undefined);
  }
}

/** Sets what a source gives, unless a later one has said otherwise. */
function take({ name: source, settingFor }: Source, command: Command, except: readonly string[]): void {
  const given = { ...command.opts() };
  for (const option of command.options) {
    const name = option.attributeName();
    const rival = rivals[name];
    const isSaid = given[name] !== undefined || (rival !== undefined && given[rival] !== undefined);
    const value = isOwn(option) && !isSaid && !except.includes(name) ? settingFor(option) : undefined;
    if (value !== undefined) command.setOptionValueWithSource(name, value, source);
  }
}

/** Whether a source may set it. */
function isOwn({ hidden, long }: Option): boolean {
  return !hidden && long !== undefined && long !== '--version';
}

function settingOf(option: Option, env: Env): unknown {
  const [first, ...others] = variablesOf(option).filter((name) => Boolean(env[name]));
  if (first === undefined) return undefined;
  const value = read(option, first, env);
  for (const other of others) {
    if (read(option, other, env) !== value)
      usage(`${first} and ${other} contradict each other`, 'unset one of the two');
  }
  return option.parseArg && typeof value === 'string' ? option.parseArg(value, undefined) : value;
}

function read(option: Option, name: string, env: Env): string | boolean | undefined {
  const value = env[name] ?? '';
  if (option.required) return value;
  if (/^(1|true|yes|on)$/i.test(value)) return option.optional ? '' : true;
  if (/^(0|false|no|off)$/i.test(value)) return option.optional ? undefined : false;
  return option.optional ? value : usage(`${name} is ${JSON.stringify(value)}`, 'set it to yes or no');
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
  command: Command,
  all: () => Promise<readonly Option[]>,
  env: Env,
): Promise<void> {
  const names = Object.keys(env).filter((name) => name.toUpperCase().startsWith(prefix) && env[name]);
  const unknown = unknownIn(names, command.options);
  if (unknown.length === 0) return;
  const options = await all();
  const known = options.filter(isOwn).flatMap(variablesOf);
  for (const name of unknownIn(unknown, options)) {
    const near = nearest(bare(name), known, bare);
    // In small letters it is a variable of the user's own, unless it is one of ours except for that.
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
