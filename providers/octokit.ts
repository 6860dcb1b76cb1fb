import type { Octokit } from '@octokit/rest';
import { Refusal } from '../src/domain/failure.ts';
import { addressOf } from './environment.ts';
import type { Get } from './http.ts';
import { json, objectsIn } from './json.ts';
import type { Site } from './site.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Runs `job` with an Octokit whose every request goes through `get`, and so keeps our manners and our token. Every
 * answer has to be a list. Octokit is loaded here and nowhere else. Throws `get`'s own `Refusal`s.
 * @param validator sent with the first request only
 */
export async function withOctokit<T>(
  site: Site,
  get: Get,
  validator: string | undefined,
  job: (octokit: Octokit) => Promise<T>,
): Promise<T | { readonly kind: 'not-modified' }> {
  const { Octokit } = await import('@octokit/rest');
  let first = true;
  const fetch = async (url: string, { headers }: { headers: Readonly<Record<string, string>> }) => {
    const ask = { ...json, accept: headers.accept ?? json.accept, url: new URL(url) };
    const answer = await get({ ...ask, validator: first ? validator : undefined });
    first = false;
    if (answer.kind === 'not-modified') throw new NotModified();
    objectsIn(site, answer);
    return { status: 200, url: answer.url.href, headers: answer.headers, text: async () => answer.text };
  };
  const octokit = new Octokit({
    baseUrl: addressOf(site.base),
    log: silent,
    request: { fetch, log: silent },
  });
  try {
    return await job(octokit);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof NotModified) return { kind: 'not-modified' };
    throw cause instanceof Refusal ? cause : error;
  }
}

/** Octokit gives no value for a 304: this gets around that. */
class NotModified extends Error {}
