import { expect, test } from 'vitest';
import { startDesktop } from '../support/desktop.ts';
import type { Environment, Finished } from '../support/execute.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import type { Guest } from '../support/guest.ts';
import type { Identity } from '../support/identity.ts';
import { litter } from '../support/live.ts';
import { inTheRoom, leaseLines, startPairing } from '../support/pairing.ts';
import { program } from '../support/program.ts';
import { give } from '../support/remembered.ts';
import type { Terminal } from '../support/terminal.ts';
import { isWhole } from '../support/whole.ts';

const own = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPpVbIZ3FEzvRnDcSPkAAAAAAAAAAAAAAAAAAAAAAAAA me@desk\n';
const day = 'less than a day ago';
const question = 'let them in with the new keys? [y/N]';

const forgeOf = (...identities: readonly Identity[]) => {
  const users = { octocat: identities.map(({ publicKey }) => ({ key: publicKey })) };
  return startForge({ kind: 'github', users });
};
const urlOf = (forge: Forge) => ({ GITHUB_API_URL: forge.url });

/** Runs the program with nobody there to ask. */
function alone(stage: Stage, args: readonly string[], env: Environment): Promise<Finished> {
  const { file, args: before } = program();
  return stage.account.exec('sh', ['-c', 'exec "$@" </dev/null', 'sh', file, ...before, ...args], { env });
}

/** A guest comes in, says so, and the host ends it. */
async function visit(host: Terminal, guest: Guest): Promise<void> {
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await seat.type('echo guest-$((20+2))\r');
  await host.waitFor(/^guest-22$/m);
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
}

test('new, known, changed: in the keychain, in JSON, and at the door', async () => {
  await using stage = await makeStage({ keys: own });
  await using desktop = await startDesktop(stage.account);
  await desktop.keyring('unlocked');
  const guest = await stage.guest();
  const [first, second] = [guest.identity, await guest.newIdentity('ecdsa-256')];
  await using forge = await forgeOf(first);
  const env = { ...desktop.env, ...urlOf(forge) };
  const keys = async (...args: string[]) => {
    const done = await stage.run(['keys', ...args], { env });
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    return done.stdout;
  };
  const block = (verdict: string, ...lines: string[]) =>
    [`github:octocat at ${forge.host}: ${verdict}`, ...lines, ''].join('\n');
  const [old, added] = [`${first.fingerprint} ssh-ed25519`, `${second.fingerprint} ecdsa-sha2-nistp256`];

  expect(await keys('@octocat')).toBe(block('new', `    ${old}`, 'remembered in the keychain'));
  expect(await keys('@octocat')).toBe(
    block('known, never paired', `    ${old}`, 'remembered in the keychain'),
  );
  const entries = await desktop.entries();
  expect(entries).toContain(`label = tmuxpair/github:octocat`);
  expect(entries).toContain(first.publicKey.split(' ')[1]);

  give(forge, 'octocat', first, second);
  const waits = '  not remembered yet: ask whether they are theirs, then pass --accept-new-keys';
  const changed = block('changed, never paired', `    ${old}`, `  + ${added}`, waits);
  expect(await keys('@octocat')).toBe(changed);
  // Looking twice makes nothing known.
  expect(await keys('@octocat')).toBe(changed);
  const answer = JSON.parse(await keys('--json', '@octocat'));
  expect(answer).toEqual({
    guests: [
      {
        reference: 'github:octocat',
        from: forge.host,
        label: 'octocat',
        trust: 'changed',
        source: 'network',
        fetchedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        keys: [
          { type: 'ssh-ed25519', fingerprint: first.fingerprint, change: 'same' },
          { type: 'ecdsa-sha2-nistp256', fingerprint: second.fingerprint, change: 'added' },
        ],
      },
    ],
  });

  const before = stage.snapshot();
  const told = `tmuxpair: the keys of github:octocat have changed since they were last seen (never paired):\n  + ${added}\n`;
  for (const more of [[], ['--detach'], ['--unattended', '--yes']]) {
    const refused = await alone(stage, ['@octocat', ...more], env);
    expect(refused).toMatchObject({ exitCode: 3, stdout: '' });
    expect(refused.stderr).toBe(
      `${told}tmuxpair: error: github:octocat: keys have been added since the last time: ${second.fingerprint}\n` +
        'tmuxpair: hint: ask your guest whether they are theirs, then pass --accept-new-keys\n',
    );
    stage.expectUntouched(before);
    expect(litter(stage)).toEqual([]);
  }

  const host = await startPairing(stage, ['@octocat', '--accept-new-keys'], { env });
  expect(leaseLines(stage)).toHaveLength(2);
  await visit(host, guest.as({ identity: second }));
  const said = await host.transcript();
  expect(said).toContain(`+ ${added}`);
  expect(said).not.toContain(question);
  expect(await keys('@octocat')).toBe(
    block(`known, last paired ${day}`, `    ${old}`, `    ${added}`, 'remembered in the keychain'),
  );
});

test.runIf(isWhole())(
  'the question: no, nothing, and an interrupt let nobody in; yes lets them in, and is remembered',
  async () => {
    await using stage = await makeStage({ keys: own });
    const guest = await stage.guest();
    const second = await guest.newIdentity();
    await using forge = await forgeOf(guest.identity);
    const env = urlOf(forge);
    expect(await stage.run(['keys', '@octocat'], { env })).toMatchObject({ exitCode: 0 });
    give(forge, 'octocat', second);

    const before = stage.snapshot();
    for (const [keys, exit] of [
      [['n', 'Enter'], 3],
      [['Enter'], 3],
      [['y', 'e', 'Enter'], 3],
      [['C-d'], 3],
      [['C-c'], 130],
    ] as const) {
      await using host = await stage.pair(['@octocat'], { env });
      await host.waitFor(question);
      await host.sendKeys(...keys);
      expect([keys, await host.exitStatus()]).toEqual([keys, exit]);
      stage.expectUntouched(before);
      expect(litter(stage)).toEqual([]);
    }

    // What the answer is about can be read when it is asked for, and what is typed after it goes to the room.
    const host = await stage.pair(['@octocat'], { env });
    const asked = await host.waitFor(question);
    expect(asked).toContain(
      `  + ${second.fingerprint} ssh-ed25519\n  - ${guest.identity.fingerprint} ssh-ed25519`,
    );
    await host.type('yes\r');
    await host.waitFor(inTheRoom);
    await host.type('echo typed-$((6*7))\r');
    await host.waitFor(/^typed-42$/m);
    expect((await guest.run([], ['id'])).stderr).toContain('Permission denied');
    await visit(host, guest.as({ identity: second }));
    expect((await stage.run(['keys', '@octocat'], { env })).stdout).toContain(
      `github:octocat at ${forge.host}: known, last paired ${day}`,
    );
  },
);

test.runIf(isWhole())('keys that are gone are told, and not asked about', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const gone = await guest.newIdentity();
  await using forge = await forgeOf(guest.identity, gone);
  const env = urlOf(forge);
  await stage.run(['keys', '@octocat'], { env });
  give(forge, 'octocat', guest.identity);

  const host = await startPairing(stage, ['@octocat'], { env });
  expect((await guest.as({ identity: gone }).run([], ['id'])).stderr).toContain('Permission denied');
  await visit(host, guest);
  const said = await host.transcript();
  expect(said).toContain(`have changed since they were last seen (never paired):\n  - ${gone.fingerprint}`);
  expect(said).not.toContain(question);
  expect((await stage.run(['keys', '@octocat'], { env })).stdout).toContain(
    `github:octocat at ${forge.host}: known`,
  );
});

test('a key that was gone and comes back is asked about again', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const other = await guest.newIdentity();
  await using forge = await forgeOf(guest.identity, other);
  const env = urlOf(forge);
  const trust = async () => (await stage.run(['keys', '@octocat'], { env })).stdout.split('\n')[0];
  expect(await trust()).toBe(`github:octocat at ${forge.host}: new`);
  give(forge, 'octocat', guest.identity);
  expect(await trust()).toBe(`github:octocat at ${forge.host}: changed, never paired`);
  expect(await trust()).toBe(`github:octocat at ${forge.host}: known, never paired`);
  give(forge, 'octocat', guest.identity, other);
  expect(await alone(stage, ['@octocat'], env)).toMatchObject({ exitCode: 3 });
});

test('a name on one forge is not the same name on another', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const stranger = await guest.newIdentity();
  await using github = await forgeOf(guest.identity);
  await using another = await forgeOf(stranger);
  const keys = (env: Environment, ...args: string[]) => stage.run(['keys', ...args], { env });
  expect((await keys(urlOf(github), '@octocat')).stdout).toContain(`github:octocat at ${github.host}: new`);

  // The name stays as it is, where the environment moves it to another forge.
  const elsewhere = { GITHUB_API_URL: 'https://ghe.example.com/api/v3' };
  const moved = await keys(elsewhere, '--offline', '@octocat');
  expect(moved).toMatchObject({ exitCode: 4, stdout: '' });
  expect(moved.stderr).toContain('github:octocat: nothing is remembered of them');
  expect(await stage.run(['forget', '@octocat'], { env: elsewhere })).toMatchObject({ exitCode: 8 });

  const named = `github:octocat@${another.host}`;
  expect(await keys({}, '--offline', named)).toMatchObject({ exitCode: 4, stdout: '' });
  expect((await keys({}, named)).stdout).toContain(`${named}: new`);
  expect((await keys({}, '--offline', named)).stdout).toContain(stranger.fingerprint);
  expect((await keys({}, '--offline', '@octocat')).stdout).toContain(guest.identity.fingerprint);
});
