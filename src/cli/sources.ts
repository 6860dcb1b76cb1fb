/**
 * Where options come from besides the command line. A later source replaces what an earlier one gave, including lists:
 * first come the defaults, which the commands themselves know, then the sources of this list, then the command line.
 */
import type { Command, Option } from 'commander';
import { environment } from './environment.ts';
import { isSettable, type Source } from './source.ts';

/** The earliest first. */
function sourcesIn(env: NodeJS.ProcessEnv): readonly Source[] {
  return [environment(env)];
}

/** If a later source gives one of these, an earlier source's gives way to it. */
const rivals: Readonly<Record<string, string>> = {
  offline: 'refresh',
  refresh: 'offline',
  share: 'session',
  session: 'share',
};

/**
 * Sets a command's options from the sources. Options that `--no-…` has taken back count as absent from then on.
 * @param all every option of the program, to tell what a name in a source may mean
 * @param except attributes that only the command line sets here
 * @throws Refusal `usage` for an invalid value, and for anything that is not an option
 */
export async function takeSources(
  command: Command,
  all: () => Promise<readonly Option[]>,
  env: NodeJS.ProcessEnv,
  except: readonly string[],
): Promise<void> {
  const sources = sourcesIn(env);
  for (const source of sources) await source.refuseUnknown(command.options, all);
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
    const value = isSettable(option) && !isSaid && !except.includes(name) ? settingFor(option) : undefined;
    if (value !== undefined) command.setOptionValueWithSource(name, value, source);
  }
}
