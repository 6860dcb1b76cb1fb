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
