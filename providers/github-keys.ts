import { visit } from './http.ts';
import { textIn } from './json.ts';
import { withOctokit } from './octokit.ts';
import type { OfferedKey } from './offered-keys.ts';
import type { FetchContext } from './provider.ts';
import { badAnswer, type Site } from './site.ts';

export type Listed =
  | { readonly kind: 'listed'; readonly offered: readonly OfferedKey[]; readonly etag: string | undefined }
  | { readonly kind: 'not-modified' };

/**
 * `GET /users/{username}/keys`, every page: authentication keys; signing keys are in another list. `etag` is absent if
 * there was more than one page.
 */
export function listKeys(site: Site, username: string, context: FetchContext): Promise<Listed> {
  return visit(site, context, (get, { pages }) =>
    withOctokit(site, get, context.validator, async (octokit): Promise<Listed> => {
      const offered: OfferedKey[] = [];
      let etag: string | undefined;
      let page = 0;
      const route = octokit.rest.users.listPublicKeysForUser;
      for await (const { data, headers } of octokit.paginate.iterator(route, { username, per_page: 100 })) {
        if (++page > pages) badAnswer(site, `more than ${pages} pages`);
        for (const entry of data) offered.push({ text: textIn(site, { ...entry }, 'key') });
        etag = page === 1 ? headers.etag : undefined;
      }
      return { kind: 'listed', offered, etag };
    }),
  );
}
