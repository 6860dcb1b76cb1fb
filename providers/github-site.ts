import type { Reference } from '../src/domain/guest.ts';
import { baseUrl, type Token, tokenFrom } from './environment.ts';
import { isLoopback, originOf } from './host.ts';
import type { Env } from './provider.ts';
import type { Site } from './site.ts';

/** The variables that hold a token, the one that counts first, for GitHub's own hosts and for all others. */
export const ownTokens = ['GH_TOKEN', 'GITHUB_TOKEN'] as const;
export const enterpriseTokens = ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'] as const;

/** Where the API of a GitHub host is; `GITHUB_API_URL` names it for references that name no host. */
export function apiOf(host: string | undefined, env: Env): URL {
  if (host === undefined) return baseUrl(env, 'GITHUB_API_URL', 'https://api.github.com');
  if (host === 'github.com') return new URL('https://api.github.com');
  if (host.endsWith('.ghe.com')) return new URL(`https://api.${host}`);
  return new URL(`${originOf(host)}/api/v3`);
}

/**
 * The forge that a reference means, with the token for the host of its API. A `GITHUB_API_URL` on loopback stands in
 * for github.com, including the token: nothing leaves the machine.
 */
export function githubSite(reference: Reference, env: Env): Site {
  const base = apiOf(reference.host, env);
  const standsIn = reference.host === undefined && isLoopback(base.hostname);
  const variables = isGitHubsOwn(base) || standsIn ? ownTokens : enterpriseTokens;
  const token: Token | undefined = tokenFrom(env, ...variables);
  return {
    reference: reference.text,
    base,
    tokenVariable: variables[0],
    ...(token ? { token: { ...token, header: 'authorization' } } : {}),
  };
}

/** github.com and *.ghe.com, which share `GH_TOKEN`. */
function isGitHubsOwn(base: URL): boolean {
  return base.protocol === 'https:' && (base.host === 'api.github.com' || base.host.endsWith('.ghe.com'));
}

/** What `gh` calls the host of one of GitHub's own APIs; `undefined` for any other. */
export function ghHostOf(api: URL): string | undefined {
  return isGitHubsOwn(api) ? api.host.replace(/^api\./, '') : undefined;
}
