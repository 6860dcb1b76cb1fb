/** The names of the files from which sshds of this machine may read an account's keys. */
import { join } from 'node:path';
import { thisAccount } from '../system/account.ts';
import { homeFolder } from '../system/home.ts';
import { configIn, defaultConfig, readConfigFile } from './config-file.ts';
import { listeners } from './listeners.ts';
import { mayAllow, namedKeyFiles } from './match-specs.ts';
import { expand } from './sshd-settings.ts';

/** What sshd reads by default, and perhaps before what it is told to read. */
const usual = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];

/** A configuration, as `configIn` gives it. */
export type ConfigPlace = ReturnType<typeof configIn>;

/** The configurations of the sshds that are seen to run. */
export async function runningConfigs(): Promise<ConfigPlace[]> {
  return (await listeners()).map(({ config }) => configIn(config));
}

/**
 * The usual names, and those in sshd's configuration, from any block that may hold for this account. Read without
 * running an sshd. Absolute, including patterns.
 * @param places configurations besides the default one
 */
export function namesInConfig(places: readonly ConfigPlace[] = []): string[] {
  const account = { ...thisAccount(), groups: [] };
  // Several sshds may run with one configuration: each is read once.
  const all = [{ file: defaultConfig, options: [] }, ...places].map(
    (one) => [JSON.stringify(one), one] as const,
  );
  const configured = [...new Map(all).values()].flatMap(namesOf);
  const names = usual.flatMap((name) => [expand(name, account), join(homeFolder(), name)]);
  return [...new Set([...names, ...configured])];
}

/** The names in one configuration; none if its sshd lets only other accounts in. */
export function namesOf({ file, options }: ConfigPlace): string[] {
  const account = { ...thisAccount(), groups: [] };
  const config = readConfigFile(file, options);
  if (!mayAllow(config, account)) return [];
  return namedKeyFiles(config, account).map((name) => expand(name, account));
}
