import type { Answer, Ask } from './answer.ts';
import { badAnswer, type Site } from './site.ts';
import type { Headers } from './status.ts';

/** What to ask for if the answer is JSON. */
export const json: Pick<Ask, 'wants' | 'accept'> = {
  wants: /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i,
  accept: 'application/json',
};

/** The objects of a JSON array. Throws `forge-answer` for any other shape. */
export function objectsIn(site: Site, answer: Answer & { kind: 'body' }): Record<string, unknown>[] {
  let data: unknown;
  try {
    data = JSON.parse(answer.text);
  } catch {
    badAnswer(site, 'JSON that can not be parsed');
  }
  if (!Array.isArray(data) || !data.every(isObject)) badAnswer(site, 'JSON that is no list of objects');
  return data;
}

/** The text in an entry's field. Throws `forge-answer` if it is not text. */
export function textIn(site: Site, entry: Readonly<Record<string, unknown>>, field: string): string {
  const value = entry[field];
  if (typeof value !== 'string') badAnswer(site, `an entry without "${field}"`);
  return value;
}

/** The address of the next page, from the `Link` header (RFC 8288), if there is one. */
export function nextPage(answer: { readonly url: URL; readonly headers: Headers }): URL | undefined {
  const link = /<([^<>]*)>\s*;[^,<]*\brel="?next"?/i.exec(answer.headers.get('link') ?? '');
  return link?.[1] !== undefined && URL.canParse(link[1], answer.url.href)
    ? new URL(link[1], answer.url)
    : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
