/** The names of the files that sshds of this machine may read an account's keys from. */
import { join } from 'node:path';
import { thisAccount } from '../spawn/account.ts';
import { homeFolder } from '../system/home.ts';
import { defaultConfig, readConfigFile } from './config-file.ts';
import { namedKeyFiles } from './match-specs.ts';
import { expand } from './sshd-settings.ts';

/** What sshd reads unless it is told otherwise, and perhaps before what it is told. */
const usual = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];

/**
 * Those that sshd's configuration names in any block that may hold for this account, read without running an sshd, and
 * the usual ones. Absolute, patterns among them.
 * @param configFiles absolute, besides the default one
 */
export function namesInConfig(configFiles: readonly string[] = []): string[] {
  const account = { ...thisAccount(), groups: [] };
  const configured = [...new Set([defaultConfig, ...configFiles])].flatMap((file) =>
    namedKeyFiles(readConfigFile(file), account),
  );
  const names = [...usual, ...configured].map((name) => expand(name, account));
  return [...new Set([...names, ...usual.map((name) => join(homeFolder(), name))])];
}
