import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { limitHeaders } from './github.ts';
import { jsonReply, type Reply, textReply } from './reply.ts';

/** When the limits of `limited-403` end: a whole second, a quarter of an hour after loading. */
export const limitReset = new Date(Math.ceil(Date.now() / 1000) * 1000 + 900_000);

interface Scene {
  /** What would have been answered. */
  readonly good: Reply;
  /** The stand-in's own address. */
  readonly here: string;
  /** The path and query that were asked for. */
  readonly path: string;
  /** The address of another host, for what leads off this one. */
  readonly elsewhere: string;
  /** The request's. */
  readonly headers: IncomingHttpHeaders;
}

type Misdeed = (scene: Scene) => Reply | ((response: ServerResponse) => void);

/** What a stand-in can do instead of answering well. */
const misdeeds = {
  unauthorized: refusal(401, 'Bad credentials'),
  forbidden: refusal(403, 'Forbidden'),
  'limited-403': refusal(403, 'API limit exceeded', limitHeaders(0, limitReset)),
  'limited-secondary': refusal(403, 'You have exceeded a secondary rate limit'),
  'limited-429': refusal(429, 'Too Many Requests', { 'retry-after': '120' }),
  'limited-without-token': (scene) =>
    scene.headers.authorization
      ? scene.good
      : refusal(403, 'API limit exceeded', limitHeaders(0, limitReset))(scene),
  'not-found': refusal(404, 'Not Found'),
  conflict: refusal(409, 'Conflict'),
  'server-error': refusal(500, 'Internal Server Error'),
  html: () => ({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: signIn }),
  'html-as-expected-type': ({ good }) => ({ ...good, body: signIn }),
  'wrong-shape': ({ good }) =>
    isJson(good) ? { ...good, body: '{"keys":["ssh-ed25519 AAAA"]}' } : jsonReply(200, []),
  truncated:
    ({ good }) =>
    (response) => {
      response.writeHead(200, { ...good.headers, 'content-length': String(good.body.length + 100) });
      response.write(good.body, () => response.destroy());
    },
  'truncated-within-length': ({ good }) => ({ ...good, body: good.body.slice(0, -20) }),
  slow:
    ({ good }) =>
    (response) =>
      drip(response, good),
  silent: () => () => {},
  huge: ({ good }) => ({
    ...good,
    body: isJson(good) ? `[${' '.repeat(5_000_000)}]` : `${'#'.repeat(80)}\n`.repeat(62_500),
  }),
  'redirect-off-host': ({ elsewhere, path }) => redirect({ location: `${elsewhere}${path}` }),
  'redirect-on-host': ({ good, path }) =>
    path.includes('moved') ? good : redirect({ location: `${path}${path.includes('?') ? '&' : '?'}moved` }),
  'redirect-with-password': ({ good, here, path }) =>
    path.includes('moved')
      ? good
      : redirect({
          location: `${here.replace('//', '//me:secret@')}${path}${path.includes('?') ? '&' : '?'}moved`,
        }),
  'redirect-loop': ({ path }) => redirect({ location: path }),
  'redirect-nowhere': () => redirect({}),
  dropped: () => (response) => response.socket?.destroy(),
  garbage: () => (response) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'),
  'unasked-304': () => ({ status: 304, headers: { etag: '"never"' }, body: '' }),
  compressed: ({ good }) => adding(good, { 'content-encoding': 'gzip' }),
  'next-page-off-host': ({ good, elsewhere, path }) =>
    adding(good, { link: `<${elsewhere}${path}>; rel="next"` }),
  'endless-pages': ({ good, here, path }) => adding(good, { link: `<${here}${path}>; rel="next"` }),
  deprecated: ({ good }) => adding(good, { deprecation: 'true', sunset: 'soon' }),
} satisfies Record<string, Misdeed>;

export type Fault = keyof typeof misdeeds;
export const faults = Object.keys(misdeeds) as Fault[];

/** Does `fault` to a response. */
export function misbehave(fault: Fault, response: ServerResponse, scene: Scene): void {
  const deed = misdeeds[fault](scene);
  if (typeof deed === 'function') deed(response);
  else send(response, deed);
}

export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, reply.headers).end(reply.body);
}

const signIn = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>…</body></html>';

function isJson(reply: Reply): boolean {
  return reply.headers['content-type']?.startsWith('application/json') ?? false;
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): Misdeed {
  return ({ good }) =>
    isJson(good) ? jsonReply(status, { message }, headers) : textReply(status, `${message}\n`, headers);
}

function redirect(headers: Record<string, string>): Reply {
  return { status: 302, headers, body: '' };
}

function adding(good: Reply, headers: Record<string, string>): Reply {
  return { ...good, headers: { ...good.headers, ...headers } };
}

/** Headers and one byte at once, then one byte a second. */
function drip(response: ServerResponse, good: Reply): void {
  response.writeHead(200, good.headers);
  let sent = 0;
  const next = () => response.write(good.body.slice(sent, ++sent));
  next();
  const timer = setInterval(next, 1000);
  response.on('close', () => clearInterval(timer));
}
