import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft, invited } from '../support/live.ts';
import { forPrivateDoor, invite } from '../support/private-door.ts';
import { isRoot } from '../support/run.ts';

/** An account that may read its own shadow entry, as root may: so may its sshd. */
const account = { devpts: 'good', files: { '/etc/shadow': '' } } as const;
const soon = 5000;

async function setPassword({ account }: Stage, field: string): Promise<void> {
  await account.asRoot(`printf '%s:%s:19000:0:99999:7:::\\n' ${account.name} '${field}' >/etc/shadow`);
}

test.runIf(isRoot())(
  'a locked password, which an sshd without PAM refuses: no private door, with what to do',
  async () => {
    await using stage = await makeStage({ account, keys: '# mine\n' });
    const ada = await invited(stage, 'ada');
    await setPassword(stage, '!');
    const before = stage.snapshot();
    const { name } = stage.account;
    for (const args of [['--door', 'private'], []]) {
      const { exitCode, stdout, stderr } = await stage.run(['--unattended', '-d', ...args, 'ada.pub'], {
        timeout: 60_000,
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
      expect(stderr).toContain(`the password of ${name} is locked, which sshd takes for a locked account\n`);
      expect(stderr).toContain(`hint: as root: usermod -p '*' ${name} (then keys get in`);
      await expectNothingLeft(stage);
      stage.expectUntouched(before);
    }

    await setPassword(stage, '*');
    const { destination, host } = await invite(stage, ['--door', 'private', `${stage.account.home}/ada.pub`]);
    await (await ada.as({ destination }).join()).waitFor('[pair]');
    await setPassword(stage, '!');
    await host.waitFor(`your guests can't join any more: the password of ${name} is locked`, {
      timeout: soon,
    });
    expect((await theOne(stage)).trouble).toMatchObject([{ kind: 'account-refused', why: 'locked' }]);
    expect((await ada.as({ destination }).run(['-tt'])).stderr).toContain('Permission denied');
    await host.waitFor("was refused: this account's password is locked", { timeout: soon });
    await setPassword(stage, '*');
    await host.waitFor('right again: ', { timeout: soon });
  },
);

test.runIf(isRoot())(
  '/etc/nologin: no private door while it is there, and told if it comes later',
  async () => {
    // Another file of that folder, so that what is put there is seen by nobody else.
    await using stage = await makeStage({
      account: { ...forPrivateDoor.account, files: { '/etc/tmuxpair-test': '' } },
      keys: '# mine\n',
    });
    const ada = await invited(stage, 'ada');
    await stage.account.asRoot('touch /etc/nologin');
    const before = stage.snapshot();
    for (const args of [['--door', 'private'], []]) {
      const { exitCode, stdout, stderr } = await stage.run(['--unattended', '-d', ...args, 'ada.pub'], {
        timeout: 60_000,
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
      expect(stderr).toContain('/etc/nologin is there, with which sshd lets nobody in but root\n');
      await expectNothingLeft(stage);
      stage.expectUntouched(before);
    }

    await stage.account.asRoot('rm /etc/nologin');
    const { destination, host } = await invite(stage, ['--door', 'private', `${stage.account.home}/ada.pub`]);
    const there = ada.as({ destination });
    const seat = await there.join();
    await seat.waitFor('[pair]');
    await stage.account.asRoot('touch /etc/nologin');
    await host.waitFor("your guests can't join any more: /etc/nologin is there", { timeout: soon });
    expect((await theOne(stage)).trouble).toMatchObject([{ kind: 'no-logins', path: '/etc/nologin' }]);
    expect(await there.run(['-tt'])).toMatchObject({ exitCode: 254 });
    await stage.account.asRoot('rm /etc/nologin');
    await host.waitFor('right again: /etc/nologin is gone', { timeout: soon });
    await (await there.join()).waitFor('[pair]');
    expect(await seat.isRunning()).toBe(true);
  },
);
