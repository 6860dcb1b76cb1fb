import type { IncomingMessage, RequestOptions } from 'node:http';
import { type Failure, Refusal, refuse } from '../src/domain/failure.ts';
import { printable } from '../src/domain/text.ts';
import { version } from '../src/domain/version.ts';
import { type Answer, type Ask, type Budget, settle } from './answer.ts';
import { isSafe } from './environment.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { linkedTo } from './linked.ts';
import type { FetchContext } from './provider.ts';
import { at, badAnswer, type Site, tooSlow } from './site.ts';
import { slotsPerHost } from './slots.ts';
import { isValidator } from './validator.ts';

export type Get = (ask: Ask) => Promise<Answer>;

interface Visit {
  readonly site: Site;
  readonly limits: Limits;
  readonly stop: AbortController;
  readonly budget: Budget;
}

/**
 * Runs `job` with a `get` for one site: GET over https (or http on loopback). Follows redirects on the site's own
 * origin alone, and sends the token nowhere else. All its requests share one time limit and one byte budget. Throws a
 * `Refusal`, or the reason of `context.signal`.
 */
export function visit<T>(
  site: Site,
  context: FetchContext,
  job: (get: Get, limits: Limits) => Promise<T>,
): Promise<T> {
  const limits = { ...defaultLimits, ...context.limits };
  const slots = context.slots ?? slotsPerHost(limits.perHost);
  return slots(site.base.origin, async () => {
    context.signal.throwIfAborted();
    const { stop, release } = linkedTo(context.signal);
    const timer = setTimeout(() => stop.abort(tooSlow(site, limits.wholeMs)), limits.wholeMs);
    const state: Visit = { site, limits, stop, budget: { total: limits.bytes, left: limits.bytes } };
    try {
      return await job((ask) => follow(state, ask), limits);
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      clearTimeout(timer);
      release();
    }
  });
}

async function follow(state: Visit, ask: Ask): Promise<Answer> {
  const { site, limits } = state;
  let url = ask.url;
  for (let hop = 0; hop <= limits.redirects; hop++) {
    if (url.origin !== site.base.origin || !isSafe(url))
      refuse({ kind: 'forge-redirect', ...at(site), to: printable(url.origin) });
    const response = await send(state, url, ask);
    const status = response.statusCode ?? 0;
    if (![301, 302, 303, 307, 308].includes(status))
      return settle(site, { ...ask, url }, response, state.budget);
    response.destroy();
    const target = response.headers.location;
    if (target === undefined || !URL.canParse(target, url.href)) badAnswer(site, 'a redirect to nowhere');
    url = new URL(target, url);
    url.username = url.password = '';
  }
  return badAnswer(site, `more than ${limits.redirects} redirects`);
}

async function send({ site, limits, stop }: Visit, url: URL, ask: Ask): Promise<IncomingMessage> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const { token } = site;
  const options: RequestOptions = {
    headers: {
      accept: ask.accept,
      'accept-encoding': 'identity',
      'user-agent': `tmuxpair/${version}`,
      ...(isValidator(ask.validator) ? { 'if-none-match': ask.validator } : {}),
      ...(token
        ? { [token.header]: `${token.header === 'authorization' ? 'Bearer ' : ''}${token.value}` }
        : {}),
    },
    signal: stop.signal,
  };
  const timer = setTimeout(() => stop.abort(tooSlow(site, limits.firstByteMs)), limits.firstByteMs);
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, options, resolve).on('error', reject).end();
    });
  } catch (error) {
    throw new Refusal(failureOfError(site, error));
  } finally {
    clearTimeout(timer);
  }
}

function failureOfError(site: Site, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code.startsWith('HPE_'))
    return { kind: 'forge-answer', ...at(site), problem: 'no HTTP that can be read' };
  return { kind: 'forge-unreachable', ...at(site), cause: printable(code) };
}
