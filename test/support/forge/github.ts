import type { RestEndpointMethodTypes } from '@octokit/rest';
import { type Answering, jsonReply, pageOf, type Reply } from './reply.ts';

type Keys = RestEndpointMethodTypes['users']['listPublicKeysForUser']['response']['data'];
type Members = RestEndpointMethodTypes['teams']['listMembersInOrg']['response']['data'];

/** GitHub's REST API, at `/` as on api.github.com and at `/api/v3` as on a GitHub Enterprise Server. */
export const github: Answering = (seen, script, origin) => {
  const path = seen.path.replace(/^\/api\/v3\//, '/');
  const [, user] = /^\/users\/([^/]+)\/keys$/.exec(path) ?? [];
  if (user !== undefined) {
    const keys = script.users[decodeURIComponent(user)];
    if (!keys) return notFound('users/users#list-public-keys-for-a-user');
    const { items, headers } = pageOf(seen, origin, keys, 30);
    const data: Keys = items.map(({ key }, index) => ({
      id: 1000 + index,
      key,
      created_at: '2024-05-06T07:08:09Z',
      last_used: null,
    }));
    return jsonReply(200, data, { ...limitHeaders(59), ...headers });
  }
  const [, org, slug] = /^\/orgs\/([^/]+)\/teams\/([^/]+)\/members$/.exec(path) ?? [];
  const members = script.teams[`${org}/${slug}`];
  if (!members) return notFound('teams/members#list-team-members');
  if (!seen.headers.authorization)
    return jsonReply(401, {
      message: 'Requires authentication',
      documentation_url: 'https://docs.github.com/rest',
      status: '401',
    });
  const scopes = { 'x-oauth-scopes': script.scopes };
  if (!script.scopes.includes('read:org')) return notFound('teams/members#list-team-members', scopes);
  const { items, headers } = pageOf(seen, origin, members, 30);
  const data: Members = items.map((login, index) => member(login, 2000 + index, origin));
  return jsonReply(200, data, { ...limitHeaders(4999), ...scopes, ...headers });
};

/** The headers of the primary rate limit: its reset is in epoch seconds. */
export function limitHeaders(
  remaining: number,
  resetAt = new Date(Date.now() + 600_000),
): Record<string, string> {
  return {
    'x-ratelimit-limit': '60',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(Math.ceil(resetAt.getTime() / 1000)),
    'x-ratelimit-resource': 'core',
  };
}

function notFound(page: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const documentation_url = `https://docs.github.com/rest/${page}`;
  return jsonReply(404, { message: 'Not Found', documentation_url, status: '404' }, headers);
}

function member(login: string, id: number, origin: string): Members[number] {
  const url = `${origin}/users/${login}`;
  return {
    login,
    id,
    node_id: `U_${id}`,
    avatar_url: `${origin}/u/${id}`,
    gravatar_id: '',
    url,
    html_url: `${origin}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: 'User',
    site_admin: false,
  };
}
