import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Environment } from '../support/execute.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Fault } from '../support/forge/faults.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import type { Identity } from '../support/identity.ts';
import { litter } from '../support/live.ts';
import { startPairing } from '../support/pairing.ts';
import { program } from '../support/program.ts';
import { agePins, give, pinFolder, pinsInFiles } from '../support/remembered.ts';
import { isWhole } from '../support/whole.ts';

const forgeOf = (...identities: readonly Identity[]) => {
  const users = { octocat: identities.map(({ publicKey }) => ({ key: publicKey })) };
  return startForge({ kind: 'github', users });
};
const urlOf = (forge: Forge) => ({ GITHUB_API_URL: forge.url });

/** A stage without a keychain, on which octocat is remembered. */
async function makeKnown(): Promise<Stage & { known: Forge; env: Environment; identity: Identity }> {
  const stage = await makeStage();
  const guest = await stage.guest();
  const known = await forgeOf(guest.identity);
  const env = urlOf(known);
  expect(await stage.run(['keys', '@octocat'], { env })).toMatchObject({ exitCode: 0 });
  const dispose = async () => {
    await known.close();
    await stage[Symbol.asyncDispose]();
  };
  return { ...stage, known, env, identity: guest.identity, [Symbol.asyncDispose]: dispose };
}

test('a forge that is down: the pairing starts with the remembered keys, and says so with their age', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const forge = await forgeOf(guest.identity);
  const env = urlOf(forge);
  await stage.run(['keys', '@octocat'], { env });
  await forge.close();
  await agePins(stage, 12);
  const [before] = pinsInFiles(stage).values();

  const host = await startPairing(stage, ['@octocat'], { env, columns: 200 });
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  expect(await host.transcript()).toContain(
    `tmuxpair: warning: github:octocat: ${forge.host} can't be reached (ECONNREFUSED); using the remembered keys, last seen 12 days ago`,
  );
  // Remembered keys that are used do not get any younger.
  const [after] = pinsInFiles(stage).values();
  expect(after).toEqual({ ...before, lastPaired: expect.any(String) });
  expect(Date.parse(String(after?.lastPaired))).toBeGreaterThan(Date.now() - 60_000);

  const shown = await stage.run(['keys', '@octocat'], { env });
  expect(shown.stdout).toMatch(
    /^github:octocat at 127\.0\.0\.1:\d+: known, last paired less than a day ago, as remembered: last seen 12 days ago\n/,
  );
  const refreshed = await stage.run(['--detach', '--refresh', '@octocat'], { env });
  expect(refreshed).toMatchObject({ exitCode: 4, stdout: '' });
  expect(refreshed.stderr).toContain("can't be reached (ECONNREFUSED)");
  expect(litter(stage)).toEqual([]);
});

test.runIf(isWhole())(
  'which failures of a forge the remembered keys stand in for, and which are its word',
  async () => {
    await using stage = await makeKnown();
    const { known: forge, env } = stage;
    const look = async (fault: Fault, ...more: string[]) => {
      forge.fault = fault;
      const { exitCode, stdout, stderr } = await stage.run(['keys', ...more, '@octocat'], { env });
      return [
        fault,
        exitCode,
        stdout.includes(stage.identity.fingerprint),
        stderr.includes('remembered keys'),
      ];
    };
    const stoodInFor: Fault[] = [
      ...(['server-error', 'limited-403', 'limited-secondary', 'limited-429', 'html', 'truncated'] as const),
      ...(['dropped', 'garbage', 'silent'] as const),
    ];
    for (const fault of stoodInFor) expect(await look(fault)).toEqual([fault, 0, true, true]);
    for (const fault of stoodInFor.slice(0, -1)) {
      expect(await look(fault, '--refresh')).toEqual([fault, 4, false, false]);
    }
    for (const [fault, exit] of [
      ['not-found', 3],
      ['unauthorized', 4],
      ['forbidden', 4],
      ['redirect-off-host', 4],
    ] as const)
      expect(await look(fault)).toEqual([fault, exit, false, false]);
  },
);

test('a user who is gone, or has no keys any more, is not let in by what is remembered', async () => {
  await using stage = await makeKnown();
  const before = pinsInFiles(stage);
  stage.known.users = {};
  expect(await stage.run(['--detach', '@octocat'], { env: stage.env })).toMatchObject({
    exitCode: 3,
    stdout: '',
    stderr: expect.stringContaining('knows no such user'),
  });
  give(stage.known, 'octocat');
  expect(await stage.run(['--detach', '@octocat'], { env: stage.env })).toMatchObject({
    exitCode: 3,
    stdout: '',
    stderr: expect.stringContaining('github:octocat has no public SSH keys'),
  });
  expect(litter(stage)).toEqual([]);
  expect(pinsInFiles(stage)).toEqual(before);
});

test.runIf(isWhole())('--offline asks nothing of the network', async () => {
  await using stage = await makeKnown();
  const { known: forge, env, identity } = stage;
  const asked = forge.requests.length;
  const { file, args } = program();
  const log = `${stage.account.scratch}/connects`;
  const strace = ['-f', '-qq', '-e', 'trace=connect,sendto,sendmsg', '-o', log];
  const run = (...more: string[]) =>
    stage.account.exec('strace', [...strace, file, ...args, 'keys', ...more, '@octocat'], { env });
  const inet = async () =>
    (await stage.account.demand('cat', [log])).split('\n').filter((line) => line.includes('AF_INET'));

  const offline = await run('--offline');
  expect(offline).toMatchObject({ exitCode: 0 });
  expect(offline.stdout).toContain(identity.fingerprint);
  expect(offline.stderr).toBe(
    'tmuxpair: github:octocat: using the remembered keys, last seen less than a day ago\n',
  );
  expect(await inet()).toEqual([]);
  expect(forge.requests).toHaveLength(asked);
  // Without the option there is something to see.
  expect(await run()).toMatchObject({ exitCode: 0 });
  expect(await inet()).not.toEqual([]);

  const host = await startPairing(stage, ['--offline', '@octocat'], { env });
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  expect(forge.requests).toHaveLength(asked + 1);
  const never = await stage.run(['keys', '--offline', 'gitlab:octocat'], { env });
  expect(never).toMatchObject({ exitCode: 4, stdout: '' });
  expect(never.stderr).toContain('gitlab:octocat: nothing is remembered of them');
});

test('after 30 days the remembered keys serve no more', async () => {
  await using stage = await makeKnown();
  const { known: forge, env } = stage;
  await agePins(stage, 29.9);
  expect(await stage.run(['keys', '--offline', '@octocat'], { env })).toMatchObject({ exitCode: 0 });
  await agePins(stage, 30.1);
  const seen = new Date(Date.now() - 30.1 * 86_400_000).toISOString().slice(0, 10);
  for (const command of [
    ['keys', '--offline', '@octocat'],
    ['--detach', '--offline', '@octocat'],
  ]) {
    const { exitCode, stdout, stderr } = await stage.run(command, { env });
    expect([exitCode, stdout]).toEqual([4, '']);
    expect(stderr).toContain(`github:octocat: their keys were last seen on ${seen}, which is too long ago`);
  }
  forge.fault = 'dropped';
  expect(await stage.run(['--detach', '@octocat'], { env })).toMatchObject({ exitCode: 4, stdout: '' });
  // They are still what new keys are compared with.
  forge.fault = undefined;
  give(forge, 'octocat', await (await stage.guest()).newIdentity());
  expect(await stage.run(['--detach', '@octocat'], { env })).toMatchObject({ exitCode: 3 });
  expect(litter(stage)).toEqual([]);
});

test('with a token, "nothing has changed" is an answer, and the remembered keys are current', async () => {
  await using stage = await makeKnown();
  const { known: forge, identity } = stage;
  const env = { ...stage.env, GITHUB_TOKEN: 'of-github-alone' };
  await agePins(stage, 45);
  const { stdout, exitCode } = await stage.run(['keys', '--json', '@octocat'], { env });
  expect(exitCode).toBe(0);
  const tag = forge.requests.at(-1)?.headers['if-none-match'];
  expect(tag).toMatch(/^W\/"[0-9a-f]{64}"$/);
  expect(forge.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, tag]);
  expect(JSON.parse(stdout)).toMatchObject({
    guests: [{ trust: 'known', source: 'network', keys: [{ fingerprint: identity.fingerprint }] }],
  });
  // Seen today, so that they serve for another 30 days.
  const [pin] = pinsInFiles(stage).values();
  expect(Date.parse(String(pin?.lastSeen))).toBeGreaterThan(Date.now() - 60_000);
  expect(pin?.validator).toBe(tag);

  const other = await (await stage.guest()).newIdentity();
  give(forge, 'octocat', identity, other);
  expect(JSON.parse((await stage.run(['keys', '--json', '@octocat'], { env })).stdout)).toMatchObject({
    guests: [{ trust: 'changed', source: 'network' }],
  });
  // --refresh asks for the whole answer.
  await stage.run(['keys', '--refresh', '@octocat'], { env });
  expect(forge.requests.at(-1)?.headers['if-none-match']).toBeUndefined();
});

test('a pin that others could have written is not used, and is told', async () => {
  await using stage = await makeKnown();
  const { account, env } = stage;
  const [name = ''] = readdirSync(pinFolder(stage));
  const path = `${pinFolder(stage)}/${name}`;
  await account.demand('chmod', ['0666', path]);
  const told = await stage.run(['keys', '--offline', '@octocat'], { env });
  expect(told).toMatchObject({ exitCode: 4, stdout: '' });
  expect(told.stderr).toContain(`${path} can be written by others`);
  await account.demand('chmod', ['0600', path]);
  expect(await stage.run(['keys', '--offline', '@octocat'], { env })).toMatchObject({ exitCode: 0 });
});
