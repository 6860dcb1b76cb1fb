import type { IncomingHttpHeaders } from 'node:http';

/** A request as a stand-in received it. */
export interface Seen {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A key as a stand-in's user has it. What a forge has no field for it does not tell. */
export interface ForgeKey {
  readonly key: string;
  readonly usage?: 'auth' | 'signing' | 'auth_and_signing';
  /** ISO 8601. */
  readonly expiresAt?: string;
}

/** What a stand-in knows. May be changed while it runs. */
export interface Script {
  users: Record<string, readonly ForgeKey[]>;
  /** `org/team` → logins. */
  teams: Record<string, readonly string[]>;
  /** What the tokens that are sent may do: a team is seen with `read:org` alone. */
  scopes: string;
}

/** How one forge answers when nothing is wrong. `origin` is the stand-in's own address. */
export type Answering = (seen: Seen, script: Script, origin: string) => Reply;

export function jsonReply(
  status: number,
  data: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(data),
  };
}

export function textReply(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body };
}

/** One page of a list, with the `Link` header that both GitHub and GitLab send. */
export function pageOf<T>(seen: Seen, origin: string, list: readonly T[], standard: number) {
  const size = Math.min(Number(seen.query.get('per_page') ?? standard), 100);
  const page = Number(seen.query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(list.length / size));
  const link = (to: number, rel: string) => {
    const query = new URLSearchParams(seen.query);
    query.set('page', String(to));
    return `<${origin}${seen.path}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ];
  const items = list.slice((page - 1) * size, page * size);
  return { items, headers: links.length > 0 ? { link: links.join(', ') } : ({} as Record<string, string>) };
}
