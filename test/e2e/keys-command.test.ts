import { expect, test } from 'vitest';
import { startDesktop } from '../support/desktop.ts';
import { makeStage } from '../support/fixture.ts';
import { type ForgeKind, startForge } from '../support/forge/start.ts';
import { ed25519Line } from '../support/keys/wire.ts';
import { leaseLines, startPairing } from '../support/pairing.ts';
import { program } from '../support/program.ts';
import { give, pinsInFiles } from '../support/remembered.ts';
import { stop } from '../support/secret-service.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

const own = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPkAAAAAAAAAAAAAAAAAAAAAAAAA me@desk\n';

/** What a terminal obeys or is led astray by, line ends and tabs aside. */
const unsafe = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const forgeOf = (kind: ForgeKind, users: Record<string, readonly string[]>, delayMs = 0) =>
  startForge({
    kind,
    delayMs,
    users: Object.fromEntries(
      Object.entries(users).map(([user, keys]) => [user, keys.map((key) => ({ key }))]),
    ),
  });

test('--json: one list, every guest in it as documented, removed keys too', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const [first, second] = [guest.identity, await guest.newIdentity('rsa-2048')];
  await using forge = await forgeOf('github', { octocat: [first.publicKey, second.publicKey] });
  const file = await stage.writeFile('ada.pub', `${first.publicKey}\n`);
  const env = { GITHUB_API_URL: forge.url };
  const json = async (...args: string[]) => {
    const { stdout, exitCode } = await stage.run(['keys', '--json', ...args], { env });
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    return JSON.parse(stdout);
  };
  const fetchedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const key = (type: string, { fingerprint }: { fingerprint: string }, change = 'same') => ({
    type,
    fingerprint,
    change,
  });
  const octocat = {
    reference: 'github:octocat',
    from: forge.host,
    label: 'octocat',
    source: 'network',
    fetchedAt,
  };
  expect(await json('@octocat', 'ada.pub')).toEqual({
    guests: [
      { ...octocat, trust: 'new', keys: [key('ssh-ed25519', first), key('ssh-rsa', second)] },
      {
        reference: `file:${file}`,
        label: 'ada',
        trust: 'new',
        source: 'network',
        fetchedAt,
        keys: [key('ssh-ed25519', first)],
      },
    ],
  });
  give(forge, 'octocat', second);
  expect(await json('@octocat')).toEqual({
    guests: [
      {
        ...octocat,
        trust: 'changed',
        keys: [key('ssh-rsa', second), key('ssh-ed25519', first, 'removed')],
      },
    ],
  });
  expect(await json('--offline', '@octocat')).toEqual({
    guests: [{ ...octocat, trust: 'known', source: 'pin', keys: [key('ssh-rsa', second)] }],
  });
});

test.runIf(isWhole())('forget: gone from where it was, and 8 where there was nothing', async () => {
  await using stage = await makeStage();
  await using desktop = await startDesktop(stage.account);
  const daemon = await desktop.keyring('unlocked');
  await using forge = await forgeOf('github', { octocat: [ed25519Line()], ada: [ed25519Line()] });
  const env = { ...desktop.env, GITHUB_API_URL: forge.url };
  const run = (...args: string[]) => stage.run(args, { env });
  await run('keys', '@octocat', '@ada');

  expect(await run('forget', '@Octocat', '@octocat', '@nobody')).toEqual({
    exitCode: 0,
    signal: null,
    stdout: 'github:octocat is forgotten\n',
    stderr: '',
  });
  expect(await desktop.entries()).not.toContain('octocat');
  expect((await run('keys', '--offline', '@octocat')).exitCode).toBe(4);
  expect((await run('keys', '@octocat')).stdout).toContain(`github:octocat at ${forge.host}: new`);
  expect((await run('keys', '@ada')).stdout).toContain(`github:ada at ${forge.host}: known`);

  expect(await run('forget', '--json', '@ada')).toMatchObject({
    exitCode: 0,
    stdout: '{"forgotten":["github:ada"]}\n',
  });
  expect(await run('forget', '@ada')).toEqual({
    exitCode: 8,
    signal: null,
    stdout: '',
    stderr:
      'tmuxpair: error: nothing was found to forget of github:ada\n' +
      'tmuxpair: hint: see what is remembered: tmuxpair keys --offline github:ada\n',
  });
  expect(await run('forget')).toMatchObject({ exitCode: 2, stdout: '' });

  await stop(daemon);
  await desktop.keyring('locked');
  const locked = await run('forget', '@octocat');
  expect(locked).toMatchObject({ exitCode: 8, stdout: '' });
  expect(locked.stderr).toContain('it is locked): what it remembers of github:octocat');
});

test('nothing of what comes from outside reaches the terminal raw', async () => {
  await using stage = await makeStage({ keys: own });
  const escapes = '\x1b]0;owned\x07\x1b[2J\x9b1m\u202e#(touch x)';
  await using forge = await forgeOf('github', {
    octocat: [
      `${ed25519Line()} a comment`,
      `${ed25519Line()} ${escapes}`,
      `x${escapes} AAAA`,
      `ssh-rsa${escapes}`,
    ],
    bidi: [`${ed25519Line()} \u202egnp.exe`],
  });
  const name = '\u202eevil\x1b[31m.pub';
  const turned = '\u202eevil\u2028.pub';
  await stage.account.demand('tee', [name, turned], { input: `${ed25519Line()} \u202ex\n` });
  const env = { GITHUB_API_URL: forge.url };
  const say = async (...args: string[]) => {
    const { stdout, stderr } = await stage.run(args, { env });
    for (const line of `${stdout}${stderr}`.split('\n')) expect(line).not.toMatch(unsafe);
    return stdout;
  };

  const shown = await say('keys', '@octocat', '@bidi', name);
  expect(shown).toContain('left out: key 2 has control characters in it');
  expect(shown).toContain('\\u{202e}evil\\x1b[31m.pub: new');
  const { guests } = JSON.parse(await say('keys', '--json', name));
  expect(guests[0].reference).toBe(`file:${stage.account.home}/${name}`);
  await say('keys', `\u202e@octocat${escapes}`);
  await say('keys', `${name}\u202e`);
  await say('forget', name);
  await say('--detach', escapes);

  expect(await say('--detach', '@octocat', '@bidi', turned)).toContain('evil (file:');
  const labels = leaseLines(stage).map((line) => line.split(':').at(-1));
  expect(labels).toEqual(['octocat', 'bidi', 'evil']);
  for (const command of ['list', 'info']) {
    await say(command);
    expect(await say(command, '--json')).toContain('\\u202eevil\\u2028.pub');
  }
  await say('kick', 'evil');
  await say('stop');
  expect(leaseLines(stage)).toEqual([]);
});

test.runIf(isWhole())(
  'a guest named twice is one guest; a key that two have lets in the first of them',
  async () => {
    await using stage = await makeStage({ keys: own });
    const guest = await stage.guest();
    const shared = guest.identity;
    const another = await guest.newIdentity();
    await using forge = await forgeOf('github', {
      ada: [shared.publicKey],
      bob: [shared.publicKey, another.publicKey],
      eve: [shared.publicKey],
    });
    const env = { GITHUB_API_URL: forge.url };
    const names = ['@ada', '@bob', '@Ada', `github:ada@${forge.host}`, '--github', 'ada', '@eve'];
    const host = await startPairing(stage, names, { env, columns: 200 });
    expect(forge.requests.map(({ path }) => path).sort()).toEqual([
      '/users/ada/keys',
      '/users/bob/keys',
      '/users/eve/keys',
    ]);
    expect(leaseLines(stage).map((line) => line.split(':').at(-1))).toEqual(['ada', 'bob']);
    const seat = await guest.join();
    await host.waitFor('ada has joined');
    await seat.close();
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    const said = await host.transcript();
    for (const name of ['bob', 'eve'])
      expect(said).toContain(`github:${name}: ${shared.fingerprint} is also ada's, and comes in as ada`);
    expect([...pinsInFiles(stage).keys()].sort()).toEqual(
      ['ada', 'bob', 'eve'].map((name) => `github:${name}`),
    );
  },
);

test.runIf(isWhole())(
  'thirty guests take about as long as the slowest; of one host eight are asked at a time',
  async () => {
    await using stage = await makeStage();
    const delayMs = 500;
    const names = (of: string, count: number) => Array.from({ length: count }, (_, n) => `${of}${n}`);
    const make = (kind: ForgeKind, of: string, count: number) =>
      forgeOf(kind, Object.fromEntries(names(of, count).map((name) => [name, [ed25519Line()]])), delayMs);
    await using github = await make('github', 'a', 30);
    await using gitlab = await make('gitlab', 'b', 8);
    await using codeberg = await make('gitea', 'c', 8);
    await using sourcehut = await make('sourcehut', 'd', 6);
    const env = {
      GITHUB_API_URL: github.url,
      GITLAB_URL: gitlab.url,
      CODEBERG_URL: codeberg.url,
      SOURCEHUT_URL: sourcehut.url,
    };
    const timed = async (...guests: string[]) => {
      const from = performance.now();
      const done = await stage.run(['keys', '--json', ...guests], { env });
      expect(done.exitCode).toBe(0);
      expect(JSON.parse(done.stdout).guests).toHaveLength(guests.length);
      return performance.now() - from;
    };
    await timed('@a0');
    const one = await timed('@a0');
    const spread = await timed(
      ...names('@a', 8),
      ...names('gitlab:b', 8),
      ...names('codeberg:c', 8),
      ...names('srht:d', 6),
    );
    const sameHost = await timed(...names('@a', 30));
    for (const forge of [github, gitlab, codeberg, sourcehut])
      expect(forge.mostInFlight()).toBeLessThanOrEqual(8);
    const ratio = (ms: number) => `${ms.toFixed(0)} ms, ${(ms / one).toFixed(2)} times one guest`;
    console.info(
      `answers after ${delayMs} ms: one guest ${one.toFixed(0)} ms; 30 of four hosts ${ratio(spread)}; 30 of one host ${ratio(sameHost)}`,
    );
    // One after the other: 8 times the delay on the slowest of four hosts, 30 times on one.
    expect(spread).toBeLessThan(one + 3 * delayMs);
    expect(sameHost).toBeLessThan(one + 10 * delayMs);
  },
);

test('an interrupt ends keys at once, and is no bug', async () => {
  await using stage = await makeStage();
  await using forge = await forgeOf('github', {});
  forge.fault = 'silent';
  const env = { GITHUB_API_URL: forge.url };
  const { file, args } = program();
  const window = await stage.terminal([file, ...args, 'keys', '@ada'], { env });
  await window.waitFor('fetching the keys of github:ada');
  await until(() => forge.requests.length === 1, { what: 'the request' });
  const pressed = performance.now();
  await window.sendKeys('C-c');
  expect(await window.exitStatus()).toBe(130);
  // Well before the forge's time limit.
  expectWithin(performance.now() - pressed, 3000);
  expect(await window.transcript()).not.toContain('bug');
});

test('options count before the name of the command, and from the environment', async () => {
  await using stage = await makeStage();
  await using forge = await forgeOf('github', { ada: [ed25519Line()], bob: [ed25519Line()] });
  const env = { GITHUB_API_URL: forge.url };
  await stage.run(['keys', '@ada', '@bob'], { env });
  const asked = forge.requests.length;
  expect(await stage.run(['--offline', 'keys', '@ada'], { env })).toMatchObject({ exitCode: 0 });
  expect(await stage.run(['keys', '@ada'], { env: { ...env, TMUXPAIR_OFFLINE: '1' } })).toMatchObject({
    exitCode: 0,
  });
  expect(forge.requests).toHaveLength(asked);
  const forgotten = await stage.run(['forget', '@ada'], { env: { ...env, TMUXPAIR_GITHUB: 'bob' } });
  expect(forgotten.stdout).toBe('github:ada is forgotten\n');
  expect([...pinsInFiles(stage).keys()]).toEqual([`github:bob`]);
});
