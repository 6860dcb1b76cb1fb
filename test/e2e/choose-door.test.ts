import { expect, test } from 'vitest';
import { theOne } from '../support/listed.ts';
import { makeMachine } from '../support/machine.ts';
import { keyFileOf } from '../support/pairing.ts';
import { isRoot } from '../support/run.ts';

const start = ['--unattended', '-d', '--host', '127.0.0.1'];

test.runIf(isRoot())(
  'an sshd on port 22 is taken, also with --forward where one of our own could make no terminals',
  async () => {
    await using machine = await makeMachine(['Port 22']);
    const { stage } = machine;
    const path = await keyFileOf(stage, await stage.guest());
    const through = "guests come through this machine's sshd, port 22";
    for (const [said, ...args] of [
      [`${through}\n`],
      [`${through}: one of this pairing's own, which would close forwarded ports`, '--forward', '9'],
    ] as const) {
      expect((await stage.run([...start, ...args, path])).stdout).toContain(said);
      const ports = args.length > 0 ? '-L 8009:localhost:9 ' : '';
      const sshCommand = `ssh ${ports}${stage.account.name}@127.0.0.1`;
      expect(await theOne(stage)).toMatchObject({ door: 'system', sshCommand });
      expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    }
  },
);

test.runIf(isRoot())('an sshd on another port is taken, with that port in the line', async () => {
  await using machine = await makeMachine();
  const { account, sshd, run, guest, ...stage } = machine.stage;
  const port = String(sshd.port);
  const path = await keyFileOf(machine.stage, await guest());
  for (const door of ['auto', 'system']) {
    const { stdout } = await run([...start, '--door', door, path]);
    expect(stdout).toContain(
      `no sshd answers on port 22: guests come through this machine's sshd, port ${port}`,
    );
    expect(stdout).toContain(`    ssh -p ${port} ${account.name}@127.0.0.1\n`);
    expect(stage.keysFile()?.toString()).toContain(' tmuxpair:');
    expect(await run(['stop'])).toMatchObject({ exitCode: 0 });
  }
  await account.asRoot(`printf '%s\\n' 'Match LocalPort ${port}' 'PermitTTY no' >>${sshd.configFile}`);
  const { stderr } = await run([...start, '--port', port, path]);
  expect(stderr).toContain(
    "this machine's sshd may keep your guest out: it gives no terminals: PermitTTY no",
  );
});

test.runIf(isRoot())(
  'an sshd of IPv6 alone where no such address leads here: not by itself, and told where it is named',
  async () => {
    await using machine = await makeMachine(['AddressFamily inet6', 'Port 22'], '::', 'good');
    const { stage } = machine;
    const path = await keyFileOf(stage, await stage.guest());
    const why = 'it does not listen on 203.0.113.1, by which other machines reach this one';
    const auto = await stage.run(['--unattended', '-d', path]);
    expect(auto.stdout).toContain(`not port 22 (${why}): guests come through an sshd of this pairing's own`);
    expect(auto.stdout).toMatch(/ ssh -p \d+ \S+@203\.0\.113\.1\n/);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    const named = await stage.run(['--unattended', '-d', '--port', '22', path]);
    expect(named.stderr).toContain(`your guest probably can't get in through port 22: ${why}`);
  },
);

test.runIf(isRoot())('N4: a module of PAM that judges a login by where it comes from is told', async () => {
  const pam = ['account required pam_succeed_if.so rhost != 203.0.113.7', 'session required pam_permit.so'];
  const files = { '/etc/pam.d/sshd': pam.map((line) => `${line}\n`).join('') };
  await using machine = await makeMachine(['UsePAM yes', 'Port 22'], '203.0.113.1', 'good', { files });
  const { stage } = machine;
  const path = await keyFileOf(stage, await stage.guest());
  const { stdout, stderr } = await stage.run(['--unattended', '-d', path]);
  expect(stdout).toContain("guests come through this machine's sshd, port 22\n");
  expect(stderr).toContain('/etc/pam.d/sshd:1 (pam_succeed_if) may refuse logins by where they come from');
});
