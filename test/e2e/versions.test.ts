import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { keyFileOf } from '../support/pairing.ts';
import { destinationOf, forPrivateDoor } from '../support/private-door.ts';
import { rows } from '../support/whole.ts';

/** Puts programs first on the PATH that are this machine's, but for what they say to `-V`. */
async function calling(stage: Stage, sshd: string, tmux: string): Promise<{ PATH: string }> {
  const real = async (name: string): Promise<string> =>
    (await stage.account.demand('sh', ['-c', `PATH=/usr/sbin:$PATH command -v ${name}`])).trim();
  for (const [name, said] of Object.entries({ sshd, tmux })) {
    const script = `#!/bin/sh\n[ "$1" != -V ] || { echo '${said}'; exit; }\nexec ${await real(name)} "$@"`;
    await stage.writeFile(`bin/${name}`, script, 0o755);
  }
  return { PATH: `${stage.account.home}/bin:${stage.account.env.PATH}` };
}

test.each(
  rows(
    [
      ['OpenSSH_7.4p1, LibreSSL 2.8.3', 'tmux 3.2', /^restrict,pty,command=/],
      ['OpenSSH_8.9p1 Ubuntu-3, OpenSSL 3.0.2', 'tmux 3.5a', /^restrict,pty,expiry-time="\d{14}",command=/],
      ['OpenSSH_10.0p2, OpenSSL 3.5.0', 'tmux next-3.6', /^restrict,pty,expiry-time="\d{14}Z",command=/],
    ],
    2,
  ),
)('as for %s and %s: a guest gets in, by a line that it understands', async (sshd, tmux, line) => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const env = await calling(stage, sshd, tmux);
  const start = ['--unattended', '-d', '--host', '127.0.0.1', await keyFileOf(stage, guest)];
  const { exitCode, stderr } = await stage.run([...start, '--port', String(stage.sshd.port)], { env });
  // Another sshd than the one that listens: what it says of its settings is not believed.
  expect(stderr).toMatch(/^tmuxpair: warning: .*you can't read all of its configuration: .*\n$/);
  expect(exitCode).toBe(0);
  expect(stage.keysFile()?.toString()).toMatch(line);
  await (await guest.join()).waitFor('[pair]');
  await stage.run(['stop']);

  expect((await stage.run([...start, '--door', 'private'], { env })).exitCode).toBe(0);
  const destination = destinationOf((await theOne(stage)).sshCommand);
  await (await guest.as({ destination }).join()).waitFor('[pair]');
});

test('an sshd that is too old is refused by every door, with the reason', async () => {
  await using stage = await makeStage();
  const env = await calling(stage, 'OpenSSH_7.3p1', 'tmux 3.2');
  const path = await keyFileOf(stage, await stage.guest());
  for (const door of [['system', '--port', String(stage.sshd.port)], ['private']]) {
    const { exitCode, stderr } = await stage.run(['--unattended', '-d', path, '--door', ...door], { env });
    expect(stderr).toContain('tmuxpair: error: sshd 7.3 is too old: older ones can not confine a guest');
    expect(stderr).toContain('tmuxpair: hint: install sshd 7.4 or newer');
    expect(exitCode).toBe(6);
  }
  expect(stage.keysFile()).toBeUndefined();
});
