import type { ForgeKeyRefusal } from '../src/domain/failure.ts';
import type { Reference } from '../src/domain/guest.ts';
import { splitHost, username } from './account.ts';
import { addressOf, baseUrl, tokenFrom } from './environment.ts';
import { originOf } from './host.ts';
import { visit } from './http.ts';
import { json, nextPage, objectsIn, textIn } from './json.ts';
import { type OfferedKey, parseOfferedKeys, usable } from './offered-keys.ts';
import type { Env, FetchContext, Fetched, Provider } from './provider.ts';
import { badAnswer, type Site } from './site.ts';

const own = 'https://gitlab.com';
const tokenVariable = 'GITLAB_TOKEN';

const rule = {
  what: 'GitLab username',
  pattern: /^(?!.*(?:\.\.|\.git$|\.atom$))[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?$/,
  longest: 255,
  allowed: 'letters, digits, and _ - . between them, not digits alone',
};

export const gitlab: Provider = {
  title: 'GitLab',
  aliases: [],
  tokens: [tokenVariable],
  parse(text, env) {
    const { user, host } = splitHost(text);
    const home = homeOf(env);
    const origin = host === undefined ? home.origin : originOf(host);
    const forge = origin === own ? undefined : new URL(origin).host;
    return {
      name: username(user, rule),
      ...(host !== undefined && origin !== home.origin ? { host } : {}),
      ...(forge === undefined ? {} : { forge }),
    };
  },
  fetch: fetchGitLab,
};

/** The GitLab that is meant if a reference names no host, and the only one that a token is for. */
function homeOf(env: Env): URL {
  return baseUrl(env, 'GITLAB_URL', own);
}

function siteOf(reference: Reference, env: Env): Site {
  const home = homeOf(env);
  const base = reference.host === undefined ? home : new URL(originOf(reference.host));
  if (base.origin !== home.origin) return { reference: reference.text, base };
  const token = tokenFrom(env, tokenVariable);
  return {
    reference: reference.text,
    base,
    tokenVariable,
    ...(token ? { token: { ...token, header: 'private-token' } } : {}),
  };
}

/** `GET /api/v4/users/:username/keys`: the list includes signing-only and expired keys, which are refused here. */
function fetchGitLab(reference: Reference, context: FetchContext): Promise<Fetched> {
  const site = siteOf(reference, context.env);
  return visit(site, context, async (get, { pages }) => {
    const offered: OfferedKey[] = [];
    let validator = context.validator;
    let canExpire = false;
    let url: URL | undefined = new URL(
      `${addressOf(site.base)}/api/v4/users/${encodeURIComponent(reference.name)}/keys?per_page=100`,
    );
    for (let page = 1; url; page++) {
      if (page > pages) badAnswer(site, `more than ${pages} pages`);
      const answer = await get({ ...json, url, validator: page === 1 ? validator : undefined });
      if (answer.kind === 'not-modified') return answer;
      for (const entry of objectsIn(site, answer)) {
        canExpire ||= typeof entry.expires_at === 'string';
        offered.push({ text: textIn(site, entry, 'key'), refusal: refusalOf(site, entry) });
      }
      url = nextPage(answer);
      validator = page === 1 && !url && !canExpire ? answer.headers.get('etag') : undefined;
    }
    return usable(reference, parseOfferedKeys(offered), validator);
  });
}

/**
 * `usage_type` is `auth`, `signing` or `auth_and_signing`, absent before GitLab 15.7; `expires_at` an ISO time or null.
 */
function refusalOf(site: Site, entry: Readonly<Record<string, unknown>>): ForgeKeyRefusal | undefined {
  const usage = entry.usage_type ?? 'auth';
  if (usage === 'signing') return { reason: 'signing-only' };
  if (usage !== 'auth' && usage !== 'auth_and_signing') badAnswer(site, 'an entry of unknown "usage_type"');
  if (entry.expires_at === undefined || entry.expires_at === null) return undefined;
  const at = new Date(textIn(site, entry, 'expires_at'));
  if (Number.isNaN(at.getTime())) badAnswer(site, 'an entry with an "expires_at" that is no time');
  return at.getTime() <= Date.now() ? { reason: 'expired', at } : undefined;
}
