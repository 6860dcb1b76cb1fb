import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { keyFileOf } from '../support/pairing.ts';
import { isRoot } from '../support/run.ts';
import { isWhole, rows } from '../support/whole.ts';

/** A folder with every program of the system's but one. */
async function pathWithout(stage: Stage, missing: string): Promise<string> {
  const bin = `${stage.account.scratch}/without-${missing}`;
  await stage.account.demand('sh', [
    '-c',
    `mkdir ${bin}; ln -s /usr/bin/* /bin/* ${bin} 2>/dev/null; rm ${bin}/${missing}`,
  ]);
  return bin;
}

test.runIf(isRoot())(
  'M3: a program that is missing is named as such, with what installs it here',
  async () => {
    await using stage = await makeStage({ account: { devpts: 'good' } });
    const path = await keyFileOf(stage, await stage.guest());
    const door = ['--door', 'private', '--bind', '127.0.0.1', '--unattended', '-d', '--ttl', '5m'];
    const cases = { 'ssh-keygen': [], ssh: ['--via', 'jump.invalid'], tmux: [] };
    await stage.run([...door, path]); // So that there is a host key, too, that could be blamed.
    await stage.run(['stop']);
    for (const [program, args] of Object.entries(cases)) {
      const PATH = await pathWithout(stage, program);
      const { stderr, exitCode } = await stage.run([...door, ...args, path], { env: { PATH } });
      expect({ program, stderr, exitCode }).toEqual({
        program,
        stderr: expect.stringMatching(
          new RegExp(`^tmuxpair: error: ${program} is not [^\\n]*\\ntmuxpair: hint: .*install[^\\n]*\\n$`),
        ),
        exitCode: 6,
      });
      expect(stderr).not.toMatch(/remove|move it/);
    }
  },
);

test('U7: nothing of a file that holds no keys is shown', async () => {
  await using stage = await makeStage();
  const lines = [
    'alias ll="ls -l"',
    'export SECRET_TOKEN=hunter2',
    'case $- in',
    '*) return;;',
    'esac',
    'ssh-ed25519-cert-v01@openssh.com secretword',
    'ssh-rsa hunter3',
  ];
  const path = await stage.writeFile('.bashrc', `${lines.join('\n')}\n`, 0o644);
  for (const file of [path, await stage.writeFile('notes', `${lines.slice(0, 5).join('\n')}\n`)]) {
    const { stdout, stderr, exitCode } = await stage.run(['--unattended', '-d', file]);
    expect(exitCode).toBe(3);
    expect(stdout + stderr).not.toMatch(/alias|SECRET|hunter|case|return|esac|secretword/);
    expect(stderr).toMatch(/key/);
  }
});

test.runIf(isRoot() && isWhole())('U7: no command that would change what others need', async () => {
  await using stage = await makeStage();
  const path = await keyFileOf(stage, await stage.guest());
  const shared = `/tmp/${stage.account.name}`;
  await stage.account.demand('mkdir', ['-m', '777', shared]);
  for (const file of [`/tmp/${stage.account.name}-keys`, `${shared}/keys`]) {
    const { stderr, exitCode } = await stage.run(['--unattended', '-d', '--authorized-keys', file, path]);
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/can be written by everybody\ntmuxpair: hint: pass --door private/);
    expect(stderr).not.toMatch(/chmod|chown|chgrp|rm /);
  }
  expect(readdirSync(shared)).toEqual([]);
  await stage.account.demand('rmdir', [shared]);
});

test.runIf(isRoot()).each(rows(['/bin/rbash', '/usr/bin/git-shell'], 1))(
  'a login shell that is made not to run a gate: what helps is another one, and no private door: %s',
  async (shell) => {
    await using stage = await makeStage({ account: { devpts: 'good', shell } });
    const path = await keyFileOf(stage, await stage.guest());
    for (const door of [['--door', 'private'], []]) {
      const { exitCode, stderr } = await stage.run(['--unattended', '-d', ...door, path], {
        timeout: 60_000,
      });
      expect(exitCode).toBe(6);
      expect(stderr).toMatch(/^tmuxpair: hint: chsh gives the account another login shell: /m);
      expect(stderr).not.toMatch(/--door private|put this line/);
    }
  },
);
