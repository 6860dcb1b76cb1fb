import { expect, test } from 'vitest';
import { canMount } from '../support/disk.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft } from '../support/live.ts';
import { makeNetworks } from '../support/network.ts';
import { keyFileOf } from '../support/pairing.ts';
import { isWhole } from '../support/whole.ts';

const start = ['--unattended', '-d', '--ttl', '5m', '--host', '127.0.0.1'];

interface Trouble {
  readonly name: string;
  /** Run as root, in the account's mounts; HOME is the account's home. */
  readonly begin: string;
  readonly said: string;
}

const troubles: readonly Trouble[] = [
  {
    name: 'a mount of a single file',
    begin: 'mount --bind $HOME/.ssh/authorized_keys $HOME/.ssh/authorized_keys',
    said: 'is a mount of its own, which can not be replaced',
  },
  {
    name: 'a folder that root owns',
    begin: 'chown -R root: $HOME/.ssh && chmod 755 $HOME/.ssh && chmod 644 $HOME/.ssh/authorized_keys',
    said: 'belongs to root, so its owner could not be kept',
  },
  {
    name: 'a folder that root owns, and the file not',
    begin: 'chown root: $HOME/.ssh && chmod 755 $HOME/.ssh',
    said: 'permission denied',
  },
  {
    name: 'a folder that nobody else can enter',
    begin: 'chown root: $HOME/.ssh && chmod 700 $HOME/.ssh',
    said: 'permission denied',
  },
  {
    name: 'a read-only file system',
    begin: 'mount --bind $HOME/.ssh $HOME/.ssh && mount -o remount,bind,ro $HOME/.ssh',
    said: 'the file system is mounted read-only',
  },
  {
    name: 'a full disk',
    begin:
      'mount -t tmpfs -o size=8k,mode=777 none $HOME/.ssh && chown --reference $HOME $HOME/.ssh && chmod 700 $HOME/.ssh && { cat /dev/zero >$HOME/.ssh/ballast || :; }',
    said: 'the disk is full',
  },
];

const mounts = await canMount();

test.runIf(mounts && isWhole())(
  'N6: a key file that can not be replaced: auto takes an sshd of its own and says why',
  async () => {
    await using networks = await makeNetworks();
    const network = networks.host;
    await using stage = await makeStage({
      account: { devpts: 'good', network },
      sshd: { network: { name: network, address: '127.0.0.1' }, config: ['Port 22'] },
      keys: '# mine\n',
    });
    const { account } = stage;
    const guest = await stage.guest();
    const path = await keyFileOf(stage, guest);
    expect((await stage.run([...start, path])).stdout).toContain(
      "guests come through this machine's sshd, port 22",
    );
    expect((await stage.run(['stop'])).exitCode).toBe(0);

    for (const { name, begin, said } of troubles) {
      const undo = await trouble(stage, begin);
      const { stdout, stderr, exitCode } = await stage.run([...start, path]);
      expect({ name, stdout, stderr, exitCode }).toMatchObject({
        stdout: expect.stringContaining(`${said}: guests come through an sshd of this pairing's own, port `),
        stderr: '',
        exitCode: 0,
      });
      expect(await theOne(stage)).toMatchObject({ door: 'private' });
      expect((await stage.run(['stop'])).exitCode).toBe(0);
      for (const named of [
        ['--door', 'system'],
        ['--port', '22'],
        ['--authorized-keys', stage.keysPath],
      ])
        expect({ name, ...(await stage.run([...start, ...named, path])) }).toMatchObject({
          name,
          stderr: expect.stringMatching(new RegExp(`${said}|permission denied`)),
          exitCode: 5,
        });
      await account.asRoot(undo);
      expect(stage.keysFile()?.toString()).toBe('# mine\n');
    }
    await expectNothingLeft(stage);
  },
);

/** Begins it. @returns the script that ends it */
async function trouble({ account }: Stage, begin: string): Promise<string> {
  const home = `HOME=${account.home}`;
  await account.asRoot(`${home}; ${begin}`);
  return `${home}; umount $HOME/.ssh/authorized_keys 2>/dev/null; umount $HOME/.ssh 2>/dev/null
    chown -R --reference $HOME $HOME/.ssh; chmod 700 $HOME/.ssh; chmod 600 $HOME/.ssh/authorized_keys`;
}
