/** Which `authorized_keys` file to write to. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { usage } from '../domain/failure.ts';
import { homeFolder } from '../system/home.ts';

export interface KeyFileOptions {
  readonly authorizedKeys?: string;
}

export function addKeyFile(command: Command): Command {
  return command.option('--authorized-keys <file>', 'the file to write to (default: ~/.ssh/authorized_keys)');
}

/** Its absolute path; the account's own if none is named. @throws Refusal `usage` */
export function keyFileFrom({ authorizedKeys: named }: KeyFileOptions): string {
  if (named === '') usage('--authorized-keys needs the path of a file');
  if (named !== undefined) return resolve(named.replace(/^~(?=\/)/, () => homeFolder()));
  return join(homeFolder(), '.ssh', 'authorized_keys');
}
