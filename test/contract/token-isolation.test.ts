import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Forge, startForge } from '../support/forge/start.ts';
import { outcomeOf } from '../support/forge/subjects.ts';
import { ed25519Line } from '../support/keys/wire.ts';

const everyToken = {
  GH_TOKEN: 'for-github-com',
  GITHUB_TOKEN: 'for-github-com-too',
  GH_ENTERPRISE_TOKEN: 'for-enterprise',
  GITHUB_ENTERPRISE_TOKEN: 'for-enterprise-too',
  GITLAB_TOKEN: 'for-gitlab',
};
const users = { ada: [{ key: ed25519Line() }] };
const running: Forge[] = [];
const start = async (kind: 'github' | 'gitlab', elsewhere?: string) => {
  const forge = await startForge({ kind, users, ...(elsewhere === undefined ? {} : { elsewhere }) });
  running.push(forge);
  return forge;
};
const credentials = (forge: Forge) =>
  forge.requests.map(({ headers }) => [headers.authorization, headers['private-token'], headers.cookie]);

let other: Forge;
beforeEach(async () => {
  other = await start('github');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((forge) => forge.close()));
});

describe('a token goes to the host it belongs to, and to no other', () => {
  test('github.com tokens do not go to another GitHub host', async () => {
    const { GH_TOKEN, GITHUB_TOKEN } = everyToken;
    const reference = `github:ada@${other.host}`;
    expect(await outcomeOf(reference, { env: { GH_TOKEN, GITHUB_TOKEN } })).toMatchObject({ kind: 'keys' });
    // A stand-in for github.com on this machine is github.com, its token included.
    expect(await outcomeOf('@ada', { env: { GH_TOKEN, GITHUB_API_URL: other.url } })).toMatchObject({
      kind: 'keys',
    });
    await outcomeOf(reference, { env: everyToken });
    expect(credentials(other)).toEqual([
      [undefined, undefined, undefined],
      ['Bearer for-github-com', undefined, undefined],
      ['Bearer for-enterprise', undefined, undefined],
    ]);
  });

  test('GITLAB_TOKEN goes to the host of GITLAB_URL alone', async () => {
    const [home, away] = [await start('gitlab'), await start('gitlab')];
    const env = { ...everyToken, GITLAB_URL: home.url };
    await outcomeOf('gitlab:ada', { env });
    await outcomeOf(`gitlab:ada@${home.host}`, { env });
    await outcomeOf(`gitlab:ada@${away.host}`, { env });
    await outcomeOf(`gitlab:ada@${away.host}`, { env: everyToken });
    expect(credentials(home)).toEqual(Array(2).fill([undefined, 'for-gitlab', undefined]));
    expect(credentials(away)).toEqual(Array(2).fill([undefined, undefined, undefined]));
  });

  test.each(['redirect-off-host', 'next-page-off-host'] as const)(
    '%s: the other host is not even asked',
    async (fault) => {
      for (const kind of ['github', 'gitlab'] as const) {
        const forge = await start(kind, other.url);
        forge.fault = fault;
        const reference = `${kind}:ada@${forge.host}`;
        const env = { ...everyToken, GITLAB_URL: forge.url };
        expect(await outcomeOf(reference, { env })).toMatchObject({ kind: 'forge-redirect', to: other.url });
        expect(credentials(forge)).toHaveLength(1);
        expect(credentials(forge)[0]?.filter(Boolean)).toHaveLength(1);
      }
      expect(other.requests).toEqual([]);
    },
  );

  test('the same address by another name is another host', async () => {
    const forge = await start('gitlab', other.url.replace('127.0.0.1', 'localhost'));
    forge.fault = 'redirect-off-host';
    expect(await outcomeOf(`gitlab:ada@${forge.host}`, {})).toMatchObject({ kind: 'forge-redirect' });
    expect(other.requests).toEqual([]);
  });
});
