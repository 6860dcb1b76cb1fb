import { afterEach, describe, expect, test } from 'vitest';
import { departures, githubKeys, githubMembers, gitlabKeys } from '../support/forge/schema.ts';
import { type Forge, type ForgeOptions, startForge } from '../support/forge/start.ts';
import { ed25519Line } from '../support/keys/wire.ts';

const running: Forge[] = [];
const start = async (options: ForgeOptions) => {
  const forge = await startForge(options);
  running.push(forge);
  return forge;
};
afterEach(async () => {
  await Promise.all(running.splice(0).map((forge) => forge.close()));
});

const keys = Array.from({ length: 3 }, () => ({ key: ed25519Line() }));
const users = {
  ada: [...keys, { key: ed25519Line(), usage: 'signing' as const, expiresAt: '2020-01-02T03:04:05Z' }],
};

describe('what the stand-ins answer is what the forges publish', () => {
  test('github: keys and team members', async () => {
    const forge = await start({ kind: 'github', users, teams: { 'org/core': ['ada', 'bob'] } });
    const list = await (await fetch(`${forge.url}/users/ada/keys`)).json();
    expect(departures(githubKeys, list)).toEqual([]);
    const members = `${forge.url}/api/v3/orgs/org/teams/core/members`;
    expect((await fetch(members)).status).toBe(401);
    const team = await (await fetch(members, { headers: { authorization: 'Bearer x' } })).json();
    expect(departures(githubMembers, team)).toEqual([]);
    expect(team).toHaveLength(2);
  });

  test('gitlab: keys, signing-only and expired ones among them', async () => {
    const forge = await start({ kind: 'gitlab', users });
    const list: unknown = await (await fetch(`${forge.url}/api/v4/users/ada/keys`)).json();
    expect(departures(gitlabKeys, list)).toEqual([]);
    expect(list).toContainEqual(
      expect.objectContaining({ usage_type: 'signing', expires_at: '2020-01-02T03:04:05Z' }),
    );
  });

  test.each([
    ['gitea', '/ada.keys'],
    ['sourcehut', '/~ada.keys'],
    ['launchpad', '/~ada/+sshkeys'],
    ['page', '/keys/ada'],
  ] as const)('%s: text, one key a line', async (kind, path) => {
    const forge = await start({ kind, users });
    const response = await fetch(forge.url + path);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect((await response.text()).split('\n')).toHaveLength(5);
    expect((await fetch(forge.url + path.replace('ada', 'eve'))).status).toBe(404);
  });

  test('pages, links, and an ETag that is honoured', async () => {
    const forge = await start({
      kind: 'github',
      users: { ada: Array.from({ length: 65 }, () => keys[0] ?? { key: '' }) },
    });
    const first = await fetch(`${forge.url}/users/ada/keys`);
    expect(await first.json()).toHaveLength(30);
    expect(first.headers.get('link')).toBe(
      `<${forge.url}/users/ada/keys?page=2>; rel="next", <${forge.url}/users/ada/keys?page=3>; rel="last"`,
    );
    expect(await (await fetch(`${forge.url}/users/ada/keys?page=3`)).json()).toHaveLength(5);
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(`${forge.url}/users/ada/keys`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  test('the schemas tell a departure', () => {
    expect(departures(githubKeys, { id: 1 })).toEqual(['$: no array']);
    expect(departures(gitlabKeys, [{ id: '1', usage_type: 'x', created_at: 'now', more: 1 }])).toEqual([
      '$[0].key: missing',
      '$[0].id: no integer',
      '$[0].usage_type: "x"',
      '$[0].created_at: "now"',
      '$[0].more: unknown',
    ]);
  });
});
