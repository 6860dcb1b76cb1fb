import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import { theOne } from '../support/listed.ts';
import { makeMachine } from '../support/machine.ts';
import { keyFileOf } from '../support/pairing.ts';
import { forPrivateDoor } from '../support/private-door.ts';
import { isRoot } from '../support/run.ts';
import { isWhole, rows } from '../support/whole.ts';

/** Programs of this name come first for the host. */
async function standIn(stage: Stage, programs: Readonly<Record<string, string>>) {
  for (const [name, script] of Object.entries(programs))
    await stage.writeFile(`bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
  return { PATH: `${stage.account.home}/bin:${stage.account.env.PATH}` };
}

const status = (self: object): string =>
  `echo '${JSON.stringify({ BackendState: 'Running', Self: { DNSName: 'me.tail.net.', TailscaleIPs: ['100.64.0.7'], ...self } })}'`;

test.runIf(isRoot())(
  'N9: every address is told with who can use it, and none that nobody can resolve',
  async () => {
    await using machine = await makeMachine(['Port 22'], '0.0.0.0');
    const { stage } = machine;
    const env = await standIn(stage, { tailscale: status({}), hostname: 'echo me.example.org' });
    const { stdout } = await stage.run(
      ['--unattended', '-d', '--door', 'system', await keyFileOf(stage, await stage.guest())],
      {
        env,
      },
    );
    const user = stage.account.name;
    expect(stdout).toMatch(new RegExp(`^    ssh ${user}@203\\.0\\.113\\.1$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^    from your tailnet  ssh ${user}@me\\.tail\\.net$`, 'm'));
    expect(stdout).not.toContain('me.example.org');
    expect(await theOne(stage)).toMatchObject({
      sshCommand: `ssh ${user}@203.0.113.1`,
      routes: [
        { reach: 'internet', sshCommand: `ssh ${user}@203.0.113.1` },
        { reach: 'tailnet', sshCommand: `ssh ${user}@me.tail.net` },
      ],
    });
    await stage.run(['stop']);
    const cameInBy = { ...env, SSH_CONNECTION: '203.0.113.2 40000 203.0.113.1 22' };
    await stage.run(['--unattended', '-d', '--door', 'system', await keyFileOf(stage, await stage.guest())], {
      env: cameInBy,
    });
    expect((await theOne(stage)).sshCommand).toBe(`ssh ${user}@203.0.113.1`);
  },
);

test.runIf(isRoot() && isWhole())(
  "W3: an address on which Tailscale's own SSH server answers is not told",
  async () => {
    await using machine = await makeMachine(['Port 22'], '0.0.0.0');
    const { stage } = machine;
    const env = await standIn(stage, { tailscale: status({ sshHostKeys: ['ssh-ed25519 AAAA'] }) });
    const start = ['--unattended', '-d', '--door', 'system', await keyFileOf(stage, await stage.guest())];
    const told = await stage.run(start, { env });
    const warning = "warning: Tailscale's own SSH server answers on port 22 of me.tail.net";
    expect(told.stderr).toContain(warning);
    expect(JSON.stringify((await theOne(stage)).routes)).not.toMatch(/tail|100\.64/);
    await stage.run(['stop']);
    const named = await stage.run(['--host', 'me.tail.net', ...start], { env });
    expect(named.stderr).toContain(warning);
  },
);

test('N10: --forward is in the line that a guest pastes', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const args = ['--unattended', '-d', '--host', '127.0.0.1', '--forward', '9100'];
  const guest = await stage.guest();
  const started = await stage.run([...args, await keyFileOf(stage, guest)]);
  expect(started.exitCode, started.stderr).toBe(0);
  const { sshCommand } = await theOne(stage);
  expect(sshCommand).toMatch(/^ssh -p \d+ -L 9100:localhost:9100 \S+@127\.0\.0\.1$/);
  const seat = await guest.paste(sshCommand);
  await seat.waitFor('[pair]');
});

test.runIf(isWhole())(
  'S13: a forge that the environment has put in the place of the real one is named',
  async () => {
    await using stage = await makeStage();
    const guest = await stage.guest();
    await using forge = await startForge({
      kind: 'github',
      users: { octocat: [{ key: guest.identity.publicKey }] },
    });
    const env = { GITHUB_API_URL: forge.url };
    const { host } = forge;
    const start = ['--unattended', '-d', '--host', '127.0.0.1', '--port', String(stage.sshd.port)];
    const { stdout } = await stage.run([...start, '@octocat'], { env });
    expect(stdout).toContain(`octocat (github:octocat at ${host}) may join`);
    expect((await theOne(stage)).guests).toMatchObject([{ reference: 'github:octocat', from: host }]);
  },
);

test.runIf(isRoot()).each(
  rows(
    [
      ['AllowTcpForwarding no', ''],
      ['PermitOpen localhost:9101', ' -L 9101:localhost:9101'],
    ],
    1,
  ),
)('C4: %s: what sshd does not forward is not in the line, and is told', async (setting, line) => {
  await using machine = await makeMachine(['Port 22', setting], '203.0.113.1');
  const { stage } = machine;
  const file = await keyFileOf(stage, await stage.guest());
  const start = ['--unattended', '-d', '--port', '22', '--forward', '9100', '--forward', '9101'];
  const { stderr } = await stage.run([...start, file]);
  expect(stderr).toMatch(new RegExp(`it forwards not to 9100(, 9101)?: ${setting}`));
  expect((await theOne(stage)).sshCommand).toBe(`ssh${line} ${stage.account.name}@203.0.113.1`);
});
