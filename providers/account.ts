import { usage } from '../src/domain/failure.ts';
import { printable } from '../src/domain/text.ts';
import { normalHost } from './host.ts';

/** What a forge accepts as a username. `allowed` says so in the hint. */
export interface UsernameRule {
  readonly what: string;
  readonly pattern: RegExp;
  readonly longest: number;
  readonly allowed: string;
}

/**
 * Checks a username by the forge's rule, and returns it in lower case. All digits could be an id, and are refused
 * everywhere.
 */
export function username(text: string, rule: UsernameRule): string {
  const fits = text.length <= rule.longest && rule.pattern.test(text) && !/^\d+$/.test(text);
  if (!fits) usage(`${quoted(text)} is no ${rule.what}`, rule.allowed);
  return text.toLowerCase();
}

/** Splits `user@host` at its last `@`. Checks the host, and returns it in lower case. */
export function splitHost(text: string): { user: string; host?: string } {
  const at = text.lastIndexOf('@');
  if (at < 0) return { user: text };
  const written = text.slice(at + 1);
  const host = normalHost(written);
  if (host === undefined)
    usage(`${quoted(written)} is no host name`, 'write it as git.example.com or git.example.com:8443');
  return { user: text.slice(0, at), host };
}

/** Outside text for a message: printable, short, in quotation marks. */
export function quoted(text: string): string {
  return `"${printable(text, 60)}"`;
}
