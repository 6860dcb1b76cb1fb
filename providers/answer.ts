import type { IncomingMessage } from 'node:http';
import { Refusal, refuse } from '../src/domain/failure.ts';
import { printable } from '../src/domain/text.ts';
import { badAnswer, type Site } from './site.ts';
import { failureOfStatus, type Headers } from './status.ts';
import { isValidator } from './validator.ts';

export interface Ask {
  readonly url: URL;
  /** The media types that the answer may have. */
  readonly wants: RegExp;
  readonly accept: string;
  /** Sent as If-None-Match if it is an ETag. Then, and only then, 304 is an answer. */
  readonly validator?: string | undefined;
}

export type Answer =
  | { readonly kind: 'body'; readonly url: URL; readonly headers: Headers; readonly text: string }
  | { readonly kind: 'not-modified' };

/** How many bytes the bodies of one fetch may have together. */
export interface Budget {
  readonly total: number;
  left: number;
}

/** How many bytes of a refusal's body are read to recognise a rate limit. */
const refusalBytes = 16_384;

/** What an answer that is no redirect means. Throws a `Refusal` for all but a wanted 200 and an expected 304. */
export async function settle(
  site: Site,
  ask: Ask,
  response: IncomingMessage,
  budget: Budget,
): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const headers: Headers = new Map(
    Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
  if (status === 304 && isValidator(ask.validator)) {
    response.resume();
    return { kind: 'not-modified' };
  }
  if (status === 200) {
    const type = headers.get('content-type') ?? '';
    if (!ask.wants.test(type)) {
      response.destroy();
      badAnswer(site, `content of type ${printable(type, 60) || 'unknown'}`);
    }
    return { kind: 'body', url: ask.url, headers, text: await bodyOf(site, response, budget) };
  }
  if (status < 400) {
    response.destroy();
    badAnswer(site, `status ${status}, which was not asked for`);
  }
  const limited = status === 403 || status === 429;
  const body = limited ? await startOf(response) : '';
  response.destroy();
  return refuse(failureOfStatus(site, status, headers, body));
}

async function bodyOf(site: Site, response: IncomingMessage, budget: Budget): Promise<string> {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  const chunks: Buffer[] = [];
  try {
    if (encoding !== 'identity') badAnswer(site, 'a compressed body, which was not asked for');
    for await (const chunk of response) {
      budget.left -= chunk.length;
      if (budget.left < 0) badAnswer(site, `more than ${budget.total} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    badAnswer(site, 'cut short');
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function startOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += chunk;
      if (text.length > refusalBytes) break;
    }
  } catch {
    // Cut short: what came has to do.
  }
  return text;
}
