import { usage } from '../src/domain/failure.ts';
import { isLoopback } from './host.ts';
import type { Env } from './provider.ts';

/** A token for one host, and the variable it came from (or the command, for the message). */
export interface Token {
  readonly value: string;
  readonly from: string;
}

/** A forge's address: that in `variable` if it is set, else `fallback`; without a final slash. */
export function baseUrl(env: Env, variable: string, fallback: string): URL {
  const text = env[variable];
  if (text === undefined || text === '') return new URL(fallback);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!plain || !isSafe(url))
    usage(`${variable} is no address that keys may come from`, 'https://host, or http:// on this machine');
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** https, or http on loopback. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** The first of the variables that is set and not empty. */
export function tokenFrom(env: Env, ...variables: readonly string[]): Token | undefined {
  for (const from of variables) {
    const value = env[from]?.trim();
    if (!value) continue;
    if (/[^\x21-\x7e]/.test(value)) usage(`${from} holds a character that no token has`);
    return { value, from };
  }
  return undefined;
}

/** A base address as text, without a final slash. */
export function addressOf(base: URL): string {
  return base.href.replace(/\/$/, '');
}
