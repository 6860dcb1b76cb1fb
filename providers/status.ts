import type { Failure } from '../src/domain/failure.ts';
import { at, helpful, type Site } from './site.ts';

export type Headers = ReadonlyMap<string, string>;

/** A reset further away than this is a broken header, not a time to report. */
const furthestResetMs = 7 * 86_400_000;

/**
 * What a status that is neither 200, 304 nor a redirect means.
 * @param body of a 403 or 429, in which forges say that a secondary limit was hit
 */
export function failureOfStatus(site: Site, status: number, headers: Headers, body: string): Failure {
  if (status === 401)
    return site.token
      ? { kind: 'forge-token-refused', ...at(site), tokenVariable: site.token.from }
      : { kind: 'forge-token-needed', ...at(site), ...helpful(site) };
  if (isRateLimit(status, headers, body)) {
    const resetAt = resetOf(headers, Date.now());
    return { kind: 'forge-rate-limited', ...at(site), ...(resetAt ? { resetAt } : {}), ...helpful(site) };
  }
  const missing = missingScope(site, status, headers);
  if (missing !== undefined)
    return { kind: 'forge-token-needed', ...at(site), scope: missing, ...variable(site) };
  if (status === 404) return { kind: 'guest-unknown', ...at(site) };
  return { kind: 'forge-status', ...at(site), status };
}

/** GitHub answers 404 or 403 to a classic token that lacks a scope, and lists in `x-oauth-scopes` those that it has. */
function missingScope(site: Site, status: number, headers: Headers): string | undefined {
  const granted = headers.get('x-oauth-scopes')?.split(/\s*,\s*/);
  if ((status !== 403 && status !== 404) || !granted || !site.scopes) return undefined;
  return site.scopes.some((scope) => granted.includes(scope)) ? undefined : site.scopes[0];
}

function variable(site: Site): { readonly tokenVariable?: string } {
  return site.token ? { tokenVariable: site.token.from } : helpful(site);
}

function isRateLimit(status: number, headers: Headers, body: string): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after') || /\brate limit/i.test(body)
  );
}

/** `retry-after` (seconds or a date), else `x-ratelimit-reset` or GitLab's `ratelimit-reset` (epoch seconds). */
export function resetOf(headers: Headers, now: number): Date | undefined {
  const retry = headers.get('retry-after');
  const reset = headers.get('x-ratelimit-reset') ?? headers.get('ratelimit-reset');
  const times = [
    retry === undefined
      ? Number.NaN
      : /^\d{1,9}$/.test(retry)
        ? now + Number(retry) * 1000
        : Date.parse(retry),
    reset !== undefined && /^\d{1,12}$/.test(reset) ? Number(reset) * 1000 : Number.NaN,
  ];
  const time = times.find((ms) => ms >= now - 1000 && ms <= now + furthestResetMs);
  return time === undefined ? undefined : new Date(time);
}
