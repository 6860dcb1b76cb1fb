/** Which guests are meant: operands, and an option for each forge. */
import type { Command } from 'commander';
import { forges, parseForProvider, parseReference } from '../../providers/index.ts';
import { usage } from '../domain/failure.ts';
import { type Access, isNonEmpty, type NonEmpty, type Reference } from '../domain/guest.ts';
import { repeatable } from './command.ts';

/** The values of the forges' options, by forge: `{ github: ['octocat'] }`. */
export type ForgeOptions = Readonly<Record<string, unknown>>;

/** The attributes of the options that name guests. */
export const guestAttributes: readonly string[] = forges.map(({ name }) => name);

export function addForges(command: Command): Command {
  for (const { name, title } of forges) {
    command.addOption(repeatable(`--${name} <user>`, `a guest by their ${title} name; repeatable`));
  }
  return command;
}

/** The guests that operands and forge options name together, at least one. @throws Refusal `usage` */
export function referencesOf(
  names: readonly string[],
  options: ForgeOptions,
  env: NodeJS.ProcessEnv,
): NonEmpty<Reference> {
  const references = [
    ...names.map((name) => parseReference(name, env)),
    ...forges.flatMap(({ name }) => usersIn(options[name]).map((user) => parseForProvider(name, user, env))),
  ];
  if (isNonEmpty(references)) return references;
  return usage(
    'who is your guest?',
    'name them: tmuxpair @octocat, tmuxpair gitlab:bob, or tmuxpair partner_key.pub',
  );
}

function usersIn(given: unknown): readonly string[] {
  return Array.isArray(given) ? given : [];
}

export interface AccessOptions {
  readonly readOnly?: boolean;
}

export function accessFrom({ readOnly }: AccessOptions): Access {
  return readOnly ? 'read-only' : 'read-write';
}
