import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft, invited } from '../support/live.ts';
import { makeMachine } from '../support/machine.ts';
import { invite } from '../support/private-door.ts';
import { isRoot } from '../support/run.ts';
import { rows } from '../support/whole.ts';

const soon = 5000;

/** What keeps everybody out of an sshd without PAM: begun and ended by scripts that root runs. */
interface Bar {
  /** What the account is to have of its own. One that may read its own shadow entry is like root: so may its sshd. */
  readonly files: Readonly<Record<string, string>>;
  readonly begin: (name: string) => string;
  readonly end: (name: string) => string;
  readonly words: (name: string) => string;
  readonly hint: (name: string) => string;
  readonly trouble: object;
  readonly over: string;
}

const withPassword = (field: string) => (name: string) =>
  // Never into the machine's own.
  `mountpoint -q /etc/shadow && printf '%s:%s:19000:0:99999:7:::\\n' ${name} '${field}' >/etc/shadow`;

const bars: Readonly<Record<string, Bar>> = {
  'a locked password': {
    files: { '/etc/shadow': '' },
    begin: withPassword('!'),
    end: withPassword('*'),
    words: (name) => `the password of ${name} is locked, which sshd takes for a locked account`,
    hint: (name) => `as root: usermod -p '*' ${name} (then keys get in`,
    trouble: { kind: 'account-refused', why: 'locked' },
    over: 'right again: this account lets guests in',
  },
  '/etc/nologin': {
    // Another file of that folder, so that what is put there is seen by nobody else.
    files: { '/etc/tmuxpair-test': '' },
    begin: () => 'touch /etc/nologin',
    end: () => 'rm -f /etc/nologin',
    words: () => '/etc/nologin is there, with which sshd lets nobody in but root',
    hint: () => 'try again when it is gone',
    trouble: { kind: 'no-logins', path: '/etc/nologin' },
    over: 'right again: /etc/nologin is gone',
  },
};

function asRoot({ account }: Stage, script: (name: string) => string): Promise<string> {
  return account.asRoot(script(account.name));
}

test.runIf(isRoot()).each(Object.entries(bars))(
  '%s: no private door, not even for want of another',
  async (_, { files, begin, words, hint }) => {
    await using machine = await makeMachine(['Port 22'], '203.0.113.1', 'good', { files });
    const { stage } = machine;
    await stage.writeKeys('# mine\n');
    await invited(stage, 'ada');
    await asRoot(stage, begin);
    const before = stage.snapshot();
    const { name } = stage.account;
    for (const args of [['--door', 'private'], []]) {
      const { exitCode, stdout, stderr } = await stage.run(['--unattended', '-d', ...args, 'ada.pub'], {
        timeout: 60_000,
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
      expect(stderr).toContain(`${words(name)}\n`);
      expect(stderr).toContain(`hint: ${hint(name)}`);
      await expectNothingLeft(stage);
      stage.expectUntouched(before);
    }
  },
);

test.runIf(isRoot()).each(rows(Object.entries(bars), 1))(
  '%s while a private door is open: told, and when it is over',
  async (_, { files, begin, end, words, trouble, over }) => {
    await using stage = await makeStage({ account: { devpts: 'good', files } });
    const ada = await invited(stage, 'ada');
    await asRoot(stage, end);
    const { destination, host } = await invite(stage, ['--door', 'private', `${stage.account.home}/ada.pub`]);
    const there = ada.as({ destination });
    const seat = await there.join();
    await seat.waitFor('[pair]');
    await asRoot(stage, begin);
    await host.waitFor(`your guests can't join any more: ${words(stage.account.name)}`, { timeout: soon });
    expect((await theOne(stage)).trouble).toMatchObject([trouble]);
    expect((await there.run(['-tt'])).exitCode).not.toBe(0);
    if (files['/etc/shadow'] !== undefined)
      await host.waitFor("was refused: this account's password is locked", { timeout: soon });
    await asRoot(stage, end);
    await host.waitFor(over, { timeout: soon });
    await (await there.join()).waitFor('[pair]');
    expect(await seat.isRunning()).toBe(true);
  },
);
