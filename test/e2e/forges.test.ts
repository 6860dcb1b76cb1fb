import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Fault } from '../support/forge/faults.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import { ed25519Line } from '../support/keys/wire.ts';
import { expectNothingLeft, litter } from '../support/live.ts';
import { expiryOf, keyFileOf, leaseLines, rooms, startPairing } from '../support/pairing.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { rows } from '../support/whole.ts';

const own = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPkAAAAAAAAAAAAAAAAAAAAAAAAA me@desk\n';

/** A forge for one test: closed with it. */
async function forgeFor(options: Parameters<typeof startForge>[0]): Promise<Forge & AsyncDisposable> {
  const forge = await startForge(options);
  return Object.assign(forge, { [Symbol.asyncDispose]: forge.close });
}

test('@octocat: the keys of every page get one line each, and the last of them gets in', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const keys = [...Array.from({ length: 120 }, () => ed25519Line()), guest.identity.publicKey];
  await using forge = await forgeFor({ kind: 'github', users: { octocat: keys.map((key) => ({ key })) } });
  const before = stage.snapshot();
  const env = { GITHUB_API_URL: forge.url, GITLAB_TOKEN: 'of-gitlab-alone' };
  const host = await startPairing(stage, ['@octocat'], { env });

  const form = /^restrict,pty,\S+,command="exec \/bin\/sh \S+\/gate octocat" (\S+ \S+) tmuxpair:/;
  expect(leaseLines(stage).map((line) => form.exec(line)?.[1])).toEqual(keys);
  expect(forge.requests.map(({ path, query }) => `${path} ${query.get('page') ?? 1}`)).toEqual([
    '/users/octocat/keys 1',
    '/users/octocat/keys 2',
  ]);
  expect(JSON.stringify(forge.requests)).not.toContain('of-gitlab-alone');

  const seat = await guest.join();
  await host.waitFor('octocat has joined');
  await seat.type('echo from-page-$((1+1))\r');
  await host.waitFor('from-page-2');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  const said = await host.transcript();
  expect(said).toContain(`octocat (github:octocat at ${forge.host}) may join, and type`);
  expect(said).toContain(guest.identity.fingerprint);
  expect(said).toContain(stage.sshd.hostKeyFingerprint);
  expect(said).toMatch(new RegExp(`^ {4}ssh -p ${stage.sshd.port} ${stage.account.name}@\\S+$`, 'm'));
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test('--gitlab bob --readonly --ttl 30m: keys for signing and expired ones are named and left out', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const [signing, expired] = await Promise.all([guest.newIdentity(), guest.newIdentity()]);
  await using forge = await forgeFor({
    kind: 'gitlab',
    users: {
      bob: [
        { key: signing.publicKey, usage: 'signing' },
        {
          key: `${guest.identity.publicKey} Bob (gitlab)`,
          expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
        },
        { key: expired.publicKey, expiresAt: '2020-01-02T03:04:05Z', usage: 'auth' },
      ],
    },
  });
  const before = stage.snapshot();
  const env = { GITLAB_URL: forge.url };
  const started = Date.now();
  const host = await startPairing(stage, ['--gitlab', 'bob', '--readonly', '--ttl', '30m'], { env });

  const [line = '', ...more] = leaseLines(stage);
  expect(more).toEqual([]);
  expect(line).toContain(` ${guest.identity.publicKey} tmuxpair:`);
  const lasts = (expiryOf(line) - started) / 60_000;
  expect(lasts).toBeGreaterThan(29.9);
  expect(lasts).toBeLessThan(30.5);

  for (const identity of [signing, expired])
    expect((await guest.as({ identity }).run([], ['id'])).stderr).toContain('Permission denied');
  const seat = await guest.join();
  await seat.waitFor(/view only, q leaves .* (30|29)m left/);
  await seat.sendKeys('q');
  expect(await seat.exitStatus()).toBe(0);
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  const said = await host.transcript();
  expect(said).toContain(`bob (gitlab:bob at ${forge.host}) may join, view only`);
  expect(said).toContain(
    `gitlab:bob: left out: key 1 (${signing.fingerprint}) is for signing only; key 3 (${expired.fingerprint}) has expired on 2020-01-02`,
  );
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

/** What the program ends with, and what its one error line says. Every fault of every forge is in the contract tests. */
const outcomes = {
  unauthorized: [4, 'tells this only to who has a token'],
  forbidden: [4, 'answered with status 403'],
  'limited-403': [4, /allows no more requests for now, until (\d{4}-\d\d-\d\d )?\d\d:\d\d$/],
  'limited-429': [4, /allows no more requests for now, until (\d{4}-\d\d-\d\d )?\d\d:\d\d$/],
  'not-found': [3, 'knows no such user'],
  'server-error': [4, 'answered with status 500'],
  html: [4, 'makes no sense'],
  'wrong-shape': [4, 'makes no sense'],
  truncated: [4, 'makes no sense (cut short)'],
  slow: [4, 'did not answer within 10 s'],
  silent: [4, 'did not answer within 5 s'],
  huge: [4, 'makes no sense (more than 1000000 bytes)'],
  'redirect-off-host': [4, 'which is not followed'],
  dropped: [4, "can't be reached (ECONNRESET)"],
  'unasked-304': [4, 'makes no sense'],
  'next-page-off-host': [4, 'which is not followed'],
} satisfies Partial<Record<Fault, readonly [number, string | RegExp]>>;
type Tried = keyof typeof outcomes;

const all = Object.keys(outcomes) as Tried[];
/** What each forge puts in words of its own. */
const ownWords: readonly Tried[] = [
  'unauthorized',
  'limited-403',
  'not-found',
  'html',
  'wrong-shape',
  'slow',
];

/** Runs the program against a forge to its refusal: one error line, one hint line, nothing else, nothing done. */
async function refusedWith(stage: Stage, guest: string, env: Record<string, string>) {
  const before = stage.snapshot();
  await using host = await stage.pair([guest], { env, columns: 250 });
  const exit = await host.exitStatus({ timeout: 45_000 });
  const said = (await host.transcript()).trim().split('\n');
  // In front of it may be a warning that this account has no keychain.
  const lines = said.slice(said.findIndex((line) => line.startsWith('tmuxpair: error: ')));
  expect(lines).toEqual([
    expect.stringMatching(/^tmuxpair: error: .*[^.]$/),
    expect.stringMatching(/^tmuxpair: hint: .*[^.]$/),
  ]);
  stage.expectUntouched(before);
  return { exit, error: lines[0] ?? '', hint: lines[1] ?? '' };
}

const variables = { github: 'GITHUB_API_URL', gitlab: 'GITLAB_URL' } as const;

test.concurrent.each(rows(['github', 'gitlab'], 1))(
  'O1 O4: %s: whatever it answers but keys, nothing is granted, and one line says why',
  async (kind) => {
    await using stage = await makeStage({ keys: own });
    await using elsewhere = await forgeFor({
      kind,
      users: { ada: [{ key: ed25519Line() }] },
    });
    const one = async (fault: Tried): Promise<void> => {
      const [exit, words] = outcomes[fault];
      await using forge = await forgeFor({
        kind,
        fault,
        users: { ada: [{ key: ed25519Line() }] },
        elsewhere: elsewhere.url,
      });
      const refused = await refusedWith(stage, `${kind}:ada`, { [variables[kind]]: forge.url });
      expect([fault, refused.exit]).toEqual([fault, exit]);
      expect(refused.error).toContain(`error: ${kind}:ada: `);
      expect(refused.error).toContain(forge.host);
      expect(refused.error).toEqual(
        typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words),
      );
    };
    // Both go over the same HTTP: one tries it all.
    const tried = kind === 'github' ? all : ownWords;
    const isSlow = (fault: Tried) => fault === 'slow' || fault === 'silent';
    // A pairing has a room while it waits for its forge.
    await Promise.all(tried.filter(isSlow).map((fault) => one(fault)));
    expect([litter(stage), rooms(stage)]).toEqual([[], []]);
    for (const fault of tried) {
      if (isSlow(fault)) continue;
      await one(fault);
      expect([litter(stage), rooms(stage)]).toEqual([[], []]);
    }
    expect(elsewhere.requests).toEqual([]);
  },
);

test('O4: no keys, no such host, nobody listening, a token refused, a name that is no host', async () => {
  await using stage = await makeStage({ keys: own });
  for (const kind of ['github', 'gitlab'] as const) {
    const variable = variables[kind];
    await using forge = await forgeFor({ kind, users: { ada: [] } });
    expect(await refusedWith(stage, `${kind}:ada`, { [variable]: forge.url })).toMatchObject({
      exit: 3,
      error: `tmuxpair: error: ${kind}:ada has no public SSH keys`,
    });
    forge.fault = 'unauthorized';
    const token = { github: 'GH_TOKEN', gitlab: 'GITLAB_TOKEN' }[kind];
    expect(await refusedWith(stage, `${kind}:ada`, { [variable]: forge.url, [token]: 'gone' })).toMatchObject(
      {
        exit: 4,
        error: expect.stringContaining('refuses the token'),
        hint: `tmuxpair: hint: renew or unset ${token}`,
      },
    );
    await forge.close();
    expect(await refusedWith(stage, `${kind}:ada`, { [variable]: forge.url })).toMatchObject({
      exit: 4,
      error: expect.stringContaining("can't be reached (ECONNREFUSED)"),
    });
    // Too long for a name, so that no resolver is asked.
    const nowhere = `${'x'.repeat(64)}.example`;
    expect(await refusedWith(stage, `${kind}:ada`, { [variable]: `https://${nowhere}` })).toMatchObject({
      exit: 4,
      error: expect.stringMatching(/can't be reached \(E\w+\)$/),
    });
    expect(await refusedWith(stage, `${kind}:ada`, { [variable]: 'http://forge.example' })).toMatchObject({
      exit: 2,
      error: `tmuxpair: error: ${variable} is no address that keys may come from`,
    });
  }
});

test("one guest of two who can't be resolved: nobody is let in", async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  await keyFileOf(stage, guest);
  await using forge = await forgeFor({ kind: 'github', users: {} });
  const before = stage.snapshot();
  const host = await stage.pair(['guest.pub', '@nobody'], { env: { GITHUB_API_URL: forge.url } });
  expect(await host.exitStatus()).toBe(3);
  expect(await host.transcript()).toContain('github:nobody');
  stage.expectUntouched(before);
  expect(litter(stage)).toEqual([]);
});

test('a guest whose file is not there, beside one of a slow forge: refused at once', async () => {
  await using stage = await makeStage({ keys: own });
  await using forge = await forgeFor({ kind: 'github', fault: 'silent' });
  const before = stage.snapshot();
  const refused = await stage.run(['--unattended', '@octocat', './typo.pub'], {
    env: { GITHUB_API_URL: forge.url },
  });
  expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('typo.pub') });
  expect(refused.stderr).toContain('tmuxpair: error: ');
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test('a terminal that is closed while a forge is slow: nothing is left', async () => {
  await using stage = await makeStage({ keys: own });
  await using forge = await forgeFor({ kind: 'github', fault: 'silent' });
  const env = { GITHUB_API_URL: forge.url };
  // What is told of the keychain once is not told again: nothing is printed but the spinner, by its library.
  expect(await stage.run(['keys', '@octocat', '--offline'], { env })).toMatchObject({ exitCode: 4 });
  const before = stage.snapshot();
  const host = await stage.pair(['@octocat'], { env });
  await host.waitFor('fetching the keys of github:octocat');
  await until(() => forge.requests.length === 1, { what: 'the request' });
  await host.closeTerminal();
  await until(() => litter(stage).length === 0, { what: 'its end' });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
  expect(rooms(stage)).toEqual([]);
});

test('an interrupt while a forge is slow ends the program at once', async () => {
  await using stage = await makeStage({ keys: own });
  await using forge = await forgeFor({ kind: 'github', fault: 'silent' });
  const before = stage.snapshot();
  const host = await stage.pair(['@octocat'], { env: { GITHUB_API_URL: forge.url } });
  await host.waitFor('fetching the keys of github:octocat');
  await until(() => forge.requests.length === 1, { what: 'the request' });
  const pressed = performance.now();
  await host.sendKeys('C-c');
  expect(await host.exitStatus()).toBe(130);
  expectWithin(performance.now() - pressed, 500);
  await until(() => forge.mostInFlight() === 1, { what: 'one request in all' });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});
