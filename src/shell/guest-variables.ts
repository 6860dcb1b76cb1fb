/** Variables of the login shell that a guest's own ssh sets. */

import { matches } from '../domain/patterns.ts';
import type { LoginEnvironment } from './login-environment.ts';

/** The environment of a shell, as far as it tells whose a variable is. */
export type Sources = Pick<LoginEnvironment, 'entries' | 'accepts'>;

/** Whether a guest can set it: the terminal's type, their command, and what `AcceptEnv` lets through. */
export function isTheirs(name: string, { entries, accepts }: Sources): boolean {
  if (name === 'SSH_ORIGINAL_COMMAND') return true;
  if (entries.some((entry) => entry.startsWith(`${name}=`))) return false;
  return name === 'TERM' || accepts.some((pattern) => matches(pattern, name));
}

/** Names that a shell or its start-up files are likely to look at, and sshds to accept. */
const known = `
  TERM SSH_ORIGINAL_COMMAND LANG LANGUAGE LC_ALL LC_CTYPE LC_MESSAGES LC_COLLATE LC_NUMERIC LC_TIME LC_MONETARY LC_PAPER
  LC_NAME LC_ADDRESS LC_TELEPHONE LC_MEASUREMENT LC_IDENTIFICATION LC_TERMINAL LC_TERMINAL_VERSION COLORTERM NO_COLOR
  XMODIFIERS GIT_PROTOCOL
`;

/** How many names at most. */
const most = 300;

/** Of the guest's variables those that are known, that sshd names, or that are in one of these texts. */
export function theirNames(sources: Sources, texts: readonly string[]): string[] {
  const literal = sources.accepts.filter((pattern) => !/[*?]/.test(pattern));
  const all = [known, ...literal, ...texts].flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []);
  return [...new Set(all)].filter((name) => isTheirs(name, sources)).slice(0, most);
}
