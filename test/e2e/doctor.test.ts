import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { namesIn } from '../../src/system/names-in.ts';
import type { AccountOptions } from '../support/account.ts';
import { startDesktop } from '../support/desktop.ts';
import type { Environment } from '../support/execute.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import { runDirectory } from '../support/live.ts';
import { expectNothingLeft, leaseFolders, sessions } from '../support/pairing.ts';
import { allProcesses, killAll } from '../support/processes.ts';
import { isRoot } from '../support/run.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

interface Check {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly mend?: string;
}

/** What the doctor says of the system door, unless told otherwise. No forge is asked. */
async function doctor(
  stage: Stage,
  args: readonly string[] = ['--door', 'system', '--port', String(stage.sshd.port)],
  env: Environment = { GITHUB_API_URL: 'http://127.0.0.1:1', GITLAB_URL: 'http://127.0.0.1:1' },
): Promise<{ exit: number | null; checks: Check[]; failing: Check[] }> {
  const { exitCode, stdout } = await stage.run(['doctor', '--json', ...args], { env, timeout: 60_000 });
  const { ok, checks }: { ok: boolean; checks: Check[] } = JSON.parse(stdout);
  expect(ok).toBe(exitCode === 0);
  return { exit: exitCode, checks, failing: checks.filter(({ level }) => level === 'fail') };
}

/** Runs a mend as it is printed, where the host would: what is behind sudo as root. */
async function mend(stage: Stage, { mend: command = '' }: Check): Promise<void> {
  if (/^sudo /.test(command)) await stage.account.asRoot(`sudo() { "$@"; }; ${command}`);
  else await stage.account.demand('sh', ['-c', command]);
}

test('a good machine: everything is well, and a guest has really been in', async () => {
  await using stage = await makeStage({ keys: '# mine\n', account: { devpts: 'good' } });
  await using desktop = await startDesktop(stage.account);
  await desktop.keyring('unlocked');
  await using github = await startForge({ kind: 'github', users: { octocat: [] } });
  await using gitlab = await startForge({ kind: 'gitlab', users: {} });
  const env = { ...desktop.env, GITHUB_API_URL: github.url, GITLAB_URL: gitlab.url };
  const before = stage.snapshot();
  for (const door of ['system', 'private']) {
    const port = door === 'system' ? ['--port', String(stage.sshd.port)] : [];
    const { exit, checks } = await doctor(stage, ['--door', door, ...port], env);
    // The sshd of these tests is on loopback, which is worth a word.
    const isWord = ({ check, message }: Check) =>
      check === 'doubt' && / it listens on 127\.0\.0\.1 only/.test(message);
    expect(checks.filter((one) => one.level !== 'ok' && !isWord(one))).toEqual([]);
    expect(checks.at(-1)).toMatchObject({
      check: 'login',
      message: expect.stringMatching(/^a guest got in through /),
    });
    expect(exit).toBe(0);
    stage.expectUntouched(before);
    expect([...leaseFolders(stage), ...sessions(stage)]).toEqual([]);
  }
  expect(stage.sshd.log()).toContain('Accepted publickey for');
  const { stdout } = await stage.run(['doctor', '--door', 'private'], { env });
  expect(stdout).toMatch(
    /^ok {4}tmux \d[\s\S]*\nok {4}a guest got in through an sshd of our own on port \d+, in \d\.\d s\n$/,
  );
});

interface Fault {
  readonly account?: AccountOptions;
  /** Lines that go first in sshd's configuration. */
  readonly config?: readonly string[];
  readonly plant?: (stage: Stage) => unknown;
  readonly args?: readonly string[];
  readonly check: string;
  readonly message: (stage: Stage) => RegExp;
  readonly mend: (stage: Stage) => RegExp;
}

const faults: Readonly<Record<string, Fault>> = {
  'authorized_keys that anybody may write': {
    plant: (stage) => stage.writeKeys('', 0o666),
    check: 'obstacle',
    message: ({ keysPath }) => new RegExp(`everybody may write ${keysPath} \\(mode 0666\\)`),
    mend: ({ keysPath }) => new RegExp(`^chmod 600 ${keysPath}$`),
  },
  'a .ssh that anybody may write': {
    plant: ({ account }) => account.demand('chmod', ['777', `${account.home}/.ssh`]),
    check: 'obstacle',
    message: ({ account }) => new RegExp(`everybody may write ${account.home}/.ssh \\(mode 0777\\)`),
    mend: ({ account }) => new RegExp(`^chmod 700 ${account.home}/.ssh$`),
  },
  'a home that anybody may write': {
    // With any private key at hand the settings of sshd can be asked for; none is made where others can write.
    plant: ({ account }) =>
      account.demand('sh', [
        '-c',
        `d=.local/state/tmuxpair/door; mkdir -p $d && ssh-keygen -q -t ed25519 -N '' -f $d/host_ed25519 && chmod 777 .`,
      ]),
    check: 'obstacle',
    message: ({ account }) => new RegExp(`everybody may write ${account.home} \\(mode 0777\\)`),
    mend: ({ account }) => new RegExp(`^chmod go-w ${account.home}$`),
  },
  'PubkeyAuthentication no': {
    config: ['PubkeyAuthentication no'],
    check: 'obstacle',
    message: () => /it takes no keys: PubkeyAuthentication no/,
    mend: ({ sshd }) =>
      new RegExp(`^sudo sh -c .*PubkeyAuthentication yes.*${sshd.configFile} && kill -HUP ${sshd.pid}'$`),
  },
  'another AuthorizedKeysFile': {
    config: ['AuthorizedKeysFile /etc/ssh/keys/%u'],
    check: 'obstacle',
    message: ({ account }) =>
      new RegExp(`it reads other files: AuthorizedKeysFile /etc/ssh/keys/${account.name}`),
    mend: ({ keysPath }) => new RegExp(`^sudo sh -c .*AuthorizedKeysFile ${keysPath} `),
  },
  'PermitTTY no': {
    config: ['PermitTTY no'],
    check: 'obstacle',
    message: () => /it gives no terminals: PermitTTY no/,
    mend: () => /^sudo sh -c .*PermitTTY yes/,
  },
  'a login shell that is not there': {
    account: { shell: '/bin/gone' },
    check: 'shell',
    message: () => /login shell \/bin\/gone: does not exist/,
    mend: ({ account }) => new RegExp(`^sudo chsh -s /bin/sh ${account.name}$`),
  },
  'a home that anybody may write, and the run directory in it': {
    account: { runtimeDirectory: false, devpts: 'good' },
    plant: ({ account }) => account.demand('chmod', ['777', account.home]),
    args: ['--door', 'private'],
    check: 'run-directory-refused',
    message: ({ account }) => new RegExp(`others may write ${account.home}$`),
    mend: ({ account }) => new RegExp(`^chmod go-w ${account.home}$`),
  },
  'a devpts without gid': {
    account: { devpts: 'without-gid' },
    args: ['--door', 'private'],
    check: 'no-terminals',
    message: () => /can make no terminals/,
    mend: () => /^sudo mount -o remount,gid=5,mode=620 \/dev\/pts$/,
  },
};

test.runIf(isRoot()).each(rows(Object.entries(faults), 1))(
  '%s is named, and the mend mends it',
  async (_, fault) => {
    await using stage = await makeStage({ account: fault.account, keys: '', sshd: { config: fault.config } });
    await fault.plant?.(stage);
    const before = stage.snapshot();
    const sick = await doctor(stage, fault.args);
    expect(sick.exit).toBe(6);
    const [named] = sick.failing;
    expect(named).toMatchObject({
      check: fault.check,
      message: expect.stringMatching(fault.message(stage)),
      mend: expect.stringMatching(fault.mend(stage)),
    });
    expect(sick.failing.map(({ check }) => check)).toEqual([fault.check, 'no-login']);
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
    if (named) await mend(stage, named);
    // sshd takes a moment to read its configuration again.
    const isHealed = async () => {
      const { exit, failing } = await doctor(stage, fault.args);
      return exit === 0 && failing.length === 0;
    };
    await until(isHealed, { what: 'the mend to work' });
  },
);

/** What somebody has decided for the account: nothing of it is undone, and there is another way. */
const decisions: readonly (readonly [string, RegExp])[] = [
  ['AllowGroups nogroup', /its AllowGroups keeps this account out/],
  ['ForceCommand /bin/date', /it runs another command for everybody: ForceCommand \/bin\/date/],
  [
    'AuthenticationMethods publickey,password',
    /it wants more than a key: AuthenticationMethods publickey,password/,
  ],
  ['ChrootDirectory /var/empty', /it shuts everybody up in a folder: ChrootDirectory \/var\/empty/],
];

test.runIf(isRoot()).each(rows(decisions, 1))(
  'U7: %s is named, and left as it is',
  async (setting, message) => {
    await using stage = await makeStage({
      account: { devpts: 'good' },
      keys: '',
      sshd: { config: [setting] },
    });
    const [named] = (await doctor(stage)).failing;
    expect(named).toMatchObject({
      check: 'obstacle',
      message: expect.stringMatching(message),
      mend: expect.stringMatching(/pass --door private/),
    });
    expect(named?.mend).not.toMatch(/sudo|sshd_config/);
    expect(await doctor(stage, ['--door', 'private'])).toMatchObject({ exit: 0, failing: [] });
  },
);

test.runIf(isRoot())('U7: an account that is kept from logging in is named, and left so', async () => {
  await using stage = await makeStage({ account: { shell: '/usr/sbin/nologin', devpts: 'good' } });
  const { failing } = await doctor(stage, ['--door', 'private']);
  expect(failing[0]).toMatchObject({
    check: 'shell',
    message: expect.stringMatching(/login shell \/usr\/sbin\/nologin: lets nobody in/),
    mend: 'use another account: this one is kept from logging in',
  });
});

test.runIf(isRoot() && isWhole())(
  'no sshd on the port is named, and the mend mends it; a door of our own needs none',
  async () => {
    await using stage = await makeStage({ account: { devpts: 'good' }, keys: '' });
    const { port } = stage.sshd;
    await stage.sshd.stop();
    const sick = await doctor(stage);
    expect(sick.exit).toBe(6);
    expect(sick.failing[0]).toMatchObject({
      check: 'sshd-silent',
      message: `no sshd answers on port ${port}`,
    });
    const auto = await doctor(stage, ['--port', String(port)]);
    expect(auto).toMatchObject({ exit: 0, failing: [] });
    const [silent] = sick.failing;
    if (!silent?.mend?.includes(' -p ')) return; // A service manager's command is not for a test to run.
    const started = () => allProcesses().filter(({ cmd }) => cmd.includes(`/sshd -p ${port} [listener]`));
    try {
      await mend(stage, silent);
      expect(await doctor(stage)).toMatchObject({ exit: 0, failing: [] });
    } finally {
      await killAll(started, 'the sshd that the mend has started');
    }
  },
);

test.each(
  rows(
    [
      ['no tmux', undefined, /tmux is not there/],
      ['a tmux that is too old', 'echo tmux 3.1c', /tmux 3\.1 is too old/],
    ],
    1,
  ),
)('%s is named', async (_, tmux, message) => {
  await using stage = await makeStage({ account: { devpts: 'good' } });
  const { account } = stage;
  const bin = `${account.home}/bin`;
  await account.demand('sh', [
    '-c',
    `mkdir ${bin}; ln -s /usr/bin/* /bin/* ${bin} 2>/dev/null; rm ${bin}/tmux`,
  ]);
  if (tmux !== undefined) await stage.writeFile('bin/tmux', `#!/bin/sh\n${tmux}\n`, 0o755);
  const env = { PATH: bin, GITHUB_API_URL: 'http://127.0.0.1:1', GITLAB_URL: 'http://127.0.0.1:1' };
  const { exit, failing } = await doctor(stage, ['--door', 'private'], env);
  expect(exit).toBe(6);
  expect(failing).toMatchObject([
    {
      check: 'program',
      message: expect.stringMatching(message),
      mend: expect.stringMatching(/install.* tmux/),
    },
  ]);
  await account.demand('ln', ['-sf', '/usr/bin/tmux', `${bin}/tmux`]);
  expect(await doctor(stage, ['--door', 'private'], env)).toMatchObject({ exit: 0, failing: [] });
});

test("a trial login's key is where nobody else comes, and a sweep removes what a killed one has left", async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  // A login takes its time, and so does what begins before it.
  await stage.writeFile('.bashrc', 'sleep 2\n');
  const tmp = `${stage.account.scratch}/tmp`;
  await stage.account.demand('mkdir', ['-m', '777', tmp]);
  const args = ['doctor', '--door', 'system', '--port', String(stage.sshd.port)];
  const env = { GITHUB_API_URL: 'http://127.0.0.1:1', GITLAB_URL: 'http://127.0.0.1:1', TMPDIR: tmp };
  const host = await stage.start(args, { env });
  const own = (): string[] =>
    namesIn(runDirectory(stage))
      .filter((name) => name.startsWith('.'))
      .map((name) => `${runDirectory(stage)}/${name}`)
      .filter((folder) => namesIn(folder).includes('0.pub'));
  const folder = await until(() => own()[0], { what: 'the key of a trial login' });
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(namesIn(tmp).filter((name) => name.includes('trial'))).toEqual([]);
  await stage.account.demand('kill', ['-KILL', String(host.pid)]);
  await host.exitStatus();
  expect(own()).toEqual([folder]);
  expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0 });
  expect(own()).toEqual([]);
  await expectNothingLeft(stage);
  expect(stage.keysFile()?.toString()).toBe('# mine\n');
});
