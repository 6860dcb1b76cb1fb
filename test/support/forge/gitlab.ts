import { type Answering, jsonReply, pageOf } from './reply.ts';

/** GitLab's REST API: signing-only and expired keys are in the list. */
export const gitlab: Answering = (seen, script, origin) => {
  const [, user] = /^(?:\/[\w-]+)?\/api\/v4\/users\/([^/]+)\/keys$/.exec(seen.path) ?? [];
  const keys = user === undefined ? undefined : script.users[decodeURIComponent(user)];
  if (!keys) return jsonReply(404, { message: '404 User Not Found' });
  const { items, headers } = pageOf(seen, origin, keys, 20);
  const data = items.map(({ key, usage = 'auth_and_signing', expiresAt }, index) => ({
    id: 3000 + index,
    title: `key ${index}`,
    created_at: '2024-05-06T07:08:09.123Z',
    expires_at: expiresAt ?? null,
    key,
    usage_type: usage,
  }));
  return jsonReply(200, data, {
    'x-per-page': seen.query.get('per_page') ?? '20',
    'x-total': String(keys.length),
    ...headers,
  });
};
