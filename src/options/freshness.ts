/** Whether to ask for a guest's keys, or use remembered ones. */
import type { Command } from 'commander';
import { usage } from '../domain/failure.ts';

export interface FreshnessOptions {
  readonly offline?: boolean;
  readonly refresh?: boolean;
  readonly acceptNewKeys?: boolean;
}

export function addFreshness(command: Command): Command {
  return command
    .option('--offline', 'ask no forge: take the keys that are remembered')
    .option('--refresh', 'take no remembered keys, also where the forge is out of reach')
    .option('--accept-new-keys', 'accept keys that a known guest did not have before');
}

/** @throws Refusal `usage` */
export function freshnessOf({ offline, refresh, acceptNewKeys }: FreshnessOptions): {
  offline: boolean;
  refresh: boolean;
  acceptNewKeys: boolean;
} {
  if (offline && refresh) usage('--offline and --refresh exclude each other');
  return { offline: offline === true, refresh: refresh === true, acceptNewKeys: acceptNewKeys === true };
}
