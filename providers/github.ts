import type { Reference } from '../src/domain/guest.ts';
import { splitHost, username } from './account.ts';
import { apiOf, githubSite } from './github-site.ts';
import { visit } from './http.ts';
import { textIn } from './json.ts';
import { withOctokit } from './octokit.ts';
import type { FetchContext, Fetched, Provider } from './provider.ts';
import { type OfferedKey, sift, usable } from './sift.ts';
import { badAnswer } from './site.ts';

const rule = {
  what: 'GitHub username',
  pattern: /^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?:_[A-Za-z0-9]+)?$/,
  longest: 39,
  allowed: 'letters, digits and single hyphens between them, at most 39, not digits alone',
};

export const github: Provider = {
  aliases: [],
  parse(text, env) {
    const { user, host } = splitHost(text);
    const home = apiOf(undefined, env);
    const elsewhere = host !== undefined && apiOf(host, env).origin !== home.origin;
    return { name: username(user, rule), ...(elsewhere ? { host } : {}) };
  },
  fetch: fetchUser,
};

/** `GET /users/{username}/keys`: authentication keys; signing keys are in another list. */
function fetchUser(reference: Reference, context: FetchContext): Promise<Fetched> {
  const site = githubSite(reference, context.env);
  return visit(site, context, (get, { pages }) =>
    withOctokit(site, get, context.validator, async (octokit) => {
      const offered: OfferedKey[] = [];
      let etag: string | undefined;
      let page = 0;
      const wanted = { username: reference.name, per_page: 100 };
      const list = octokit.paginate.iterator(octokit.rest.users.listPublicKeysForUser, wanted);
      for await (const { data, headers } of list) {
        if (++page > pages) badAnswer(site, `more than ${pages} pages`);
        for (const entry of data) offered.push({ text: textIn(site, { ...entry }, 'key') });
        etag = page === 1 ? headers.etag : undefined;
      }
      return usable(reference, sift(offered), etag);
    }),
  );
}
