/** The options of commands on a live pairing. */
import type { Command } from 'commander';
import { addCommon, type Common } from './command.ts';
import { addKeyFile, type KeyFileOptions, keyFileFrom } from './key-file.ts';

export interface LiveOptions extends Common, KeyFileOptions {
  readonly id?: string;
}

/** Which pairing a command is for, and how it prints its answer. */
export interface Target {
  readonly keyFile: string;
  readonly id?: string;
  readonly json: boolean;
}

/** Adds a command on a live pairing. @param usage its name and operands */
export function addLive(program: Command, usage: string, description: string): Command {
  return addKeyFile(addCommon(program.command(usage).description(description)))
    .option('--id <id>', 'which pairing, where there is more than one')
    .option('--json', 'as JSON');
}

/** @throws Refusal `usage` */
export function targetOf(options: LiveOptions, id = options.id): Target {
  return {
    keyFile: keyFileFrom(options),
    json: options.json === true,
    ...(id === undefined ? {} : { id }),
  };
}

/** For commands that ask before they let more in. */
export interface YesOptions {
  readonly yes?: boolean;
}
