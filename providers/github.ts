import { Refusal } from '../src/domain/failure.ts';
import type { Reference } from '../src/domain/guest.ts';
import { splitHost, username } from './account.ts';
import { ghToken } from './gh.ts';
import { listKeys } from './github-keys.ts';
import { apiOf, enterpriseTokens, ghHostOf, githubSite, ownTokens } from './github-site.ts';
import { fetchTeam, teamName } from './github-team.ts';
import { parseOfferedKeys, usable } from './offered-keys.ts';
import type { FetchContext, Fetched, Provider } from './provider.ts';
import type { Site } from './site.ts';

const rule = {
  what: 'GitHub username',
  pattern: /^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?:_[A-Za-z0-9]+)?$/,
  longest: 39,
  allowed: 'letters, digits and single hyphens between them, at most 39, not digits alone',
};

export const github: Provider = {
  title: 'GitHub',
  aliases: [],
  tokens: [...ownTokens, ...enterpriseTokens],
  parse(text, env) {
    const { user, host } = splitHost(text);
    const home = apiOf(undefined, env);
    const api = host === undefined ? home : apiOf(host, env);
    const elsewhere = api.origin !== home.origin;
    const [owner = '', ...slug] = user.split('/');
    const login = username(owner, rule);
    const name = slug.length === 0 ? login : `${login}/${teamName(slug.join('/'))}`;
    const forge = ghHostOf(api) ?? api.host;
    return {
      name,
      ...(elsewhere && host !== undefined ? { host } : {}),
      ...(forge === 'github.com' ? {} : { forge }),
    };
  },
  fetch(reference, context) {
    const fetch = reference.name.includes('/') ? fetchTeam : fetchUser;
    return withLastResort(githubSite(reference, context.env), context, (site) =>
      fetch(site, reference, context),
    );
  },
};

async function fetchUser(site: Site, reference: Reference, context: FetchContext): Promise<Fetched> {
  const listed = await listKeys(site, reference.name, context);
  return listed.kind === 'not-modified'
    ? listed
    : usable(reference, parseOfferedKeys(listed.offered), listed.etag);
}

/** Runs `job`. If it fails for want of a token, runs it once more with the one that `gh` keeps for the host. */
async function withLastResort<T>(
  site: Site,
  context: FetchContext,
  job: (site: Site) => Promise<T>,
): Promise<T> {
  try {
    return await job(site);
  } catch (error) {
    const host = (context.ghHostOf ?? ghHostOf)(site.base);
    const wanting =
      error instanceof Refusal &&
      (error.failure.kind === 'forge-rate-limited' || error.failure.kind === 'forge-token-needed');
    if (site.token || host === undefined || !wanting) throw error;
    const token = await ghToken(host, context.env, context.signal);
    if (!token) throw error;
    return job({ ...site, token: { ...token, header: 'authorization' } });
  }
}
