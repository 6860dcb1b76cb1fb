import type { Reference } from '../src/domain/guest.ts';
import { visit } from './http.ts';
import { parseOfferedText, usable } from './offered-keys.ts';
import type { FetchContext, Fetched } from './provider.ts';
import { badAnswer, type Site } from './site.ts';

/** Text, or what servers call a file whose name means nothing to them (some take `.pub` for Microsoft Publisher's). */
const plain = /^(?:text\/plain|application\/(?:octet-stream|x-mspublisher|vnd\.ms-publisher))\s*(?:;|$)/i;

/** Fetches a page of keys, one per line. Sends no token, whatever the site. */
export function fetchTextList(
  reference: Reference,
  context: FetchContext,
  base: URL,
  url: URL,
): Promise<Fetched> {
  const site: Site = { reference: reference.text, base };
  return visit(site, context, async (get) => {
    const answer = await get({
      url,
      wants: plain,
      accept: 'text/plain, */*;q=0.5',
      validator: context.validator,
    });
    if (answer.kind === 'not-modified') return answer;
    if (/^\s*</.test(answer.text)) badAnswer(site, 'HTML in place of keys');
    return usable(reference, parseOfferedText(answer.text), answer.headers.get('etag'));
  });
}
