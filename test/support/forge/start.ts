import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Fault, misbehave, send } from './faults.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { gitea, launchpad, page, sourcehut } from './plain.ts';
import type { Answering, Script, Seen } from './reply.ts';

const kinds = { github, gitlab, gitea, sourcehut, launchpad, page } satisfies Record<string, Answering>;
export type ForgeKind = keyof typeof kinds;

export interface ForgeOptions extends Partial<Script> {
  readonly kind: ForgeKind;
  readonly fault?: Fault | undefined;
  /** Where the fault shows; everywhere by default. */
  readonly faultAt?: RegExp;
  /** Milliseconds before each answer. */
  readonly delayMs?: number;
  /** Where redirects and page links off the host lead. */
  readonly elsewhere?: string;
}

/** A running stand-in. What is not `readonly` may be changed for the requests to come. */
export interface Forge extends Script, AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request so far, in order. */
  readonly requests: readonly Seen[];
  /** The most requests that were ever being answered at once. */
  readonly mostInFlight: () => number;
  fault: Fault | undefined;
  faultAt: RegExp;
  delayMs: number;
  readonly close: () => Promise<void>;
}

/** Starts a forge on loopback over plain TCP. Answers carry an ETag and honour If-None-Match, as the forges do. */
export async function startForge(options: ForgeOptions): Promise<Forge> {
  const requests: Seen[] = [];
  let inFlight = 0;
  let most = 0;
  const elsewhere = options.elsewhere ?? 'http://127.0.0.1:1';

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', forge.url);
    const seen = { path: url.pathname, query: url.searchParams, headers: request.headers };
    requests.push(seen);
    most = Math.max(most, ++inFlight);
    response.on('close', () => inFlight--);
    const good = kinds[options.kind](seen, forge, forge.url);
    const etag = `W/"${createHash('sha256').update(good.body).digest('hex')}"`;
    const give = () => {
      const scene = { good, here: forge.url, path: request.url ?? '/', elsewhere, headers: request.headers };
      if (forge.fault && forge.faultAt.test(seen.path)) misbehave(forge.fault, response, scene);
      else if (good.status === 200 && request.headers['if-none-match'] === etag)
        send(response, { status: 304, headers: { etag }, body: '' });
      else
        send(response, { ...good, headers: good.status === 200 ? { etag, ...good.headers } : good.headers });
    };
    if (forge.delayMs > 0) setTimeout(give, forge.delayMs);
    else give();
  };

  const server = createServer(answer);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const forge: Forge = {
    url: `http://${host}`,
    host,
    requests,
    mostInFlight: () => most,
    users: options.users ?? {},
    teams: options.teams ?? {},
    scopes: options.scopes ?? 'read:org, gist',
    fault: options.fault,
    faultAt: options.faultAt ?? /(?:)/,
    delayMs: options.delayMs ?? 0,
    close,
    [Symbol.asyncDispose]: close,
  };
  return forge;
}
