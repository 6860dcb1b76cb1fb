import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { keygen } from '../support/keys/keygen.ts';
import { theOne } from '../support/listed.ts';
import { makeNetworks } from '../support/network.ts';
import { expectNothingLeft, keyFileOf, leaseLines } from '../support/pairing.ts';
import { isRoot } from '../support/run.ts';
import { startSshd } from '../support/sshd.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const start = ['--unattended', '-d', '--host', '127.0.0.1'];
const named = (stage: Stage): string[] => [...start, '--port', String(stage.sshd.port)];

/** Puts lines in front of sshd's configuration, and has it read that again. `KEYS` is a folder that root alone can write. */
async function configure(stage: Stage, ...lines: string[]): Promise<string> {
  const { configFile, pid, log } = stage.sshd;
  const keys = `${dirname(configFile)}/keys`;
  // Below /tmp StrictModes takes nothing.
  const text = ['StrictModes no', ...lines].map((line) => line.replaceAll('KEYS', keys)).join('\n');
  const count = (): number => log().split('Server listening on').length;
  const before = count();
  await stage.account.asRoot(`mkdir -p ${keys}; cd ${dirname(configFile)}; [ -e first ] || cp -p sshd_config first
printf '%s\n' '${text}' | cat - first >sshd_config; kill -HUP ${pid}`);
  while (count() === before) await new Promise((resolve) => setTimeout(resolve, 20));
  return keys;
}

/** Writes a file as root's own, which anybody may read. */
async function plant(stage: Stage, path: string, line: string, mode = 644): Promise<void> {
  await stage.account.asRoot(`printf '%s\n' '${line}' >'${path}'; chmod ${mode} '${path}'`);
}

const hasShell = async (guest: Guest): Promise<boolean> =>
  (await guest.run([], ['echo', 'past-the-gate'])).stdout.includes('past-the-gate');

test.runIf(isRoot()).each(
  rows(
    [
      ['read-only', 'AuthorizedKeysFile KEYS/%u .ssh/authorized_keys', (user: string) => user],
      [
        'read-write',
        'AuthorizedKeysFile .ssh/authorized_keys "KEYS/all %% of %U"',
        (_: string, uid: number) => `all % of ${uid}`,
      ],
    ],
    1,
  ),
)(
  'W1: a key that stands in another file which sshd reads is refused, %s, at the start and at an invitation: %s',
  async (access, setting, nameFor) => {
    await using stage = await makeStage({ keys: '# mine\n', account: { devpts: 'good' } });
    const { name, uid } = stage.account;
    const [guest, other] = [await stage.guest(), await stage.guest()];
    const path = `${await configure(stage, setting)}/${nameFor(name, uid)}`;
    await plant(stage, path, `# a comment\n${guest.identity.publicKey} them`);
    expect(await hasShell(guest)).toBe(true);
    const [file, first] = [await keyFileOf(stage, guest), await keyFileOf(stage, other, 'other')];
    const before = stage.snapshot();
    const manner = access === 'read-only' ? ['--read-only'] : [];

    const refused = await stage.run([...named(stage), ...manner, file]);
    expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringContaining(`${path}:2: the key`) });
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
    // A gate stands in front of a file that is read later, and of no other.
    const gated = await stage.run([...named(stage), ...manner, '--gate-existing-keys', file]);
    if (setting.startsWith('AuthorizedKeysFile .ssh')) {
      expect(gated).toMatchObject({ exitCode: 0 });
      expect(await hasShell(guest)).toBe(false);
      expect((await stage.run(['stop'])).exitCode).toBe(0);
    } else {
      expect(gated).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('no gate can stand') });
    }
    const inside = await stage.run([...start, '--door', 'private', ...manner, file]);
    expect(inside.stderr).toContain(`${path}:2 lets guest in past the gate`);
    expect((await stage.run(['stop'])).exitCode).toBe(0);

    expect(await stage.run([...named(stage), ...manner, first])).toMatchObject({ exitCode: 0 });
    const invited = await stage.run(['invite', ...manner, file]);
    expect(invited).toMatchObject({ exitCode: 5, stderr: expect.stringContaining(`${path}:2: the key`) });
    expect((await theOne(stage)).guests.map(({ label }: { label: string }) => label)).toEqual(['other']);
    expect(leaseLines(stage)).toHaveLength(1);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    stage.expectUntouched(before);
  },
);

test.runIf(isRoot() && isWhole())(
  'W1: a key that is put into another file meanwhile is told after a kick and at the end',
  async () => {
    await using stage = await makeStage({ keys: '# mine\n' });
    const keys = await configure(
      stage,
      'AuthorizedKeysFile .ssh/authorized_keys KEYS/%u .ssh/authorized_keys2',
    );
    const [bob, eve] = [await stage.guest(), await stage.guest()];
    const files = [await keyFileOf(stage, bob, 'bob'), await keyFileOf(stage, eve, 'eve')];
    expect(await stage.run([...named(stage), '--read-only', ...files])).toMatchObject({ exitCode: 0 });

    await stage.writeFile('.ssh/authorized_keys2', `\n${bob.identity.publicKey}\n`);
    expect(await hasShell(bob)).toBe(false);
    const kicked = await stage.run(['kick', 'bob']);
    const second = `${stage.account.home}/.ssh/authorized_keys2:2`;
    expect(kicked).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining(`${second} still lets bob in`),
    });
    expect(kicked.stderr).toContain('hint: delete that line');
    expect(await hasShell(bob)).toBe(true);
    await stage.account.demand('rm', [`${stage.account.home}/.ssh/authorized_keys2`]);
    expect(await hasShell(bob)).toBe(false);

    await plant(stage, `${keys}/${stage.account.name}`, eve.identity.publicKey);
    const stopped = await stage.run(['stop']);
    expect(stopped.exitCode).toBe(7);
    expect(stopped.stderr).toContain(`${stage.account.name}:1 still lets eve in`);
    expect(await hasShell(eve)).toBe(true);
    await expectNothingLeft(stage);
  },
);

test.runIf(isRoot())(
  'W1: through a door of our own: a key that the account lets in already is told at the start, after a kick, at the end',
  async () => {
    await using stage = await makeStage({ account: { devpts: 'good' } });
    const guest = await stage.guest();
    await stage.writeKeys(`# mine\n${guest.identity.publicKey}\n`);
    const file = await keyFileOf(stage, guest, 'bob');
    const before = stage.snapshot();
    const lets = `${stage.keysPath}:2 lets bob in past the gate`;
    const started = await stage.run([...start, '--door', 'private', file]);
    expect(started).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(lets) });
    expect(await stage.run(['kick', 'bob'])).toMatchObject({
      exitCode: 0,
      stdout: 'bob is out\n',
      stderr: expect.stringContaining(`${lets}, as before`),
    });
    const again = await stage.run(['invite', file]);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toContain(`${stage.keysPath}:2 lets bob-file in past the gate`);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    stage.expectUntouched(before);

    // Somebody has an authority trusted meanwhile.
    await stage.writeKeys('# mine\n');
    expect(await stage.run([...start, '--door', 'private', file])).toMatchObject({ exitCode: 0, stderr: '' });
    await stage.writeKeys(`# mine\ncert-authority ${authority}\n`);
    expect((await stage.run(['kick', 'bob'])).stderr).toContain(
      `whether this machine's sshd still lets bob in can't be known: it accepts certificates: cert-authority in ${stage.keysPath}:2`,
    );
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  },
);

test.runIf(isRoot())(
  'W1: keys of a program: the sshd that was named warns, and again after a kick and at the end',
  async () => {
    await using stage = await makeStage();
    const keys = await configure(
      stage,
      'AuthorizedKeysCommand /bin/cat KEYS/given',
      'AuthorizedKeysCommandUser root',
    );
    const [guest, other] = [await stage.guest(), await stage.guest()];
    await plant(stage, `${keys}/given`, guest.identity.publicKey);
    const files = [await keyFileOf(stage, guest, 'bob'), await keyFileOf(stage, other, 'eve')];
    const started = await stage.run([...named(stage), '--read-only', ...files]);
    const program = `a program gives it keys: AuthorizedKeysCommand /bin/cat ${keys}/given`;
    expect(started).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(program) });
    const kicked = await stage.run(['kick', 'bob']);
    expect(kicked).toMatchObject({ exitCode: 0, stdout: 'bob is out\n' });
    expect(kicked.stderr).toContain(
      `whether this machine's sshd still lets bob in can't be known: ${program}`,
    );
    expect(await hasShell(guest)).toBe(true);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });

    const host = await stage.pair(['--read-only', ...files]);
    await host.waitFor(/your guest types/, { timeout: 45_000 });
    await host.type('exit\r');
    await host.waitFor(/sshd still lets your guests in can't be known: a program gives it keys/);
  },
);

test.runIf(isRoot())(
  'S22 W1: keys of a program that sshd is given while a pairing lives: a kick and the end do not say that access is gone',
  async () => {
    await using stage = await makeStage();
    const [guest, other] = [await stage.guest(), await stage.guest()];
    const files = [await keyFileOf(stage, guest, 'bob'), await keyFileOf(stage, other, 'eve')];
    const started = await stage.run([...named(stage), '--read-only', ...files]);
    expect(started).toMatchObject({ exitCode: 0 });
    expect(started.stderr).not.toContain('a program gives it keys');
    const keys = await configure(
      stage,
      'AuthorizedKeysCommand /bin/cat KEYS/given',
      'AuthorizedKeysCommandUser root',
    );
    await plant(stage, `${keys}/given`, guest.identity.publicKey);
    const kicked = await stage.run(['kick', 'bob']);
    expect(kicked).toMatchObject({ exitCode: 0, stdout: 'bob is out\n' });
    expect(kicked.stderr).toContain(
      `whether this machine's sshd still lets bob in can't be known: a program gives it keys: AuthorizedKeysCommand /bin/cat ${keys}/given`,
    );
    expect(await hasShell(guest)).toBe(true);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  },
);

test.runIf(isRoot())(
  'W1: a key that another sshd of the machine lets in is told at the start, after a kick and at the end',
  async () => {
    await using stage = await makeStage();
    const guest = await stage.guest();
    const file = await keyFileOf(stage, guest, 'bob');
    const keys = await stage.writeFile('.ssh/second', `# theirs\n${guest.identity.publicKey}\n`);
    const second = { config: [`AuthorizedKeysFile ${keys}`] };
    const args = [...named(stage), '--read-only', file];
    const lets = `${keys}:2 lets bob in past the gate`;
    {
      await using sshd = await startSshd(stage.account, second);
      const there = guest.as({ destination: { ...guest.destination, port: sshd.port } });
      expect(await hasShell(there)).toBe(true);
      const started = await stage.run(args);
      expect(started).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(lets) });
      expect(await hasShell(guest)).toBe(false);
      const kicked = await stage.run(['kick', 'bob']);
      expect(kicked).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`${lets}, as before`) });
      expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    }
    // One that comes while the pairing lives.
    expect((await stage.run(args)).stderr).not.toContain(lets);
    await using _ = await startSshd(stage.account, second);
    const kicked = await stage.run(['kick', 'bob']);
    expect(kicked).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining(`${keys}:2 still lets bob in`),
    });
    expect((await stage.run(['stop'])).exitCode).toBe(7);
  },
);

/** A machine whose own sshd is on port 22, and where one of our own can make terminals. */
async function makeMachine() {
  const networks = await makeNetworks();
  const network = networks.host;
  const stage = await makeStage({
    account: { devpts: 'good', network },
    sshd: { network: { name: network, address: '127.0.0.1' }, config: ['Port 22'] },
  });
  return {
    stage,
    [Symbol.asyncDispose]: async () => {
      await stage[Symbol.asyncDispose]();
      await networks[Symbol.asyncDispose]();
    },
  };
}

interface Way {
  readonly config: readonly string[];
  /** What is done first; `KEYS` is as in {@link configure}. */
  readonly plant?: (stage: Stage, keys: string) => Promise<unknown>;
  readonly said: RegExp;
  /** Whether it keeps guests out, rather than let them in. */
  readonly keepsOut?: boolean;
  /** The guest's key; ed25519 where absent. */
  readonly key?: string;
}

const rsa = keygen('rsa', 2048).publicLine;
const authority = keygen('ed25519').publicLine;

const ways: Readonly<Record<string, Way>> = {
  'a keys command': {
    config: ['AuthorizedKeysCommand /bin/true', 'AuthorizedKeysCommandUser root'],
    said: /a program gives it keys: AuthorizedKeysCommand \/bin\/true/,
  },
  'a user CA': {
    config: ['TrustedUserCAKeys KEYS/ca'],
    plant: (stage, keys) => plant(stage, `${keys}/ca`, authority),
    said: /it accepts certificates: TrustedUserCAKeys \S+\/ca/,
  },
  'a cert-authority line': {
    config: [],
    plant: (stage) => stage.writeKeys(`# mine\ncert-authority,principals="x" ${authority}\n`),
    said: /it accepts certificates: cert-authority in \S+\/authorized_keys:[23]/,
  },
  'a file of keys that only root can read': {
    config: ['AuthorizedKeysFile KEYS/secret .ssh/authorized_keys'],
    plant: (stage, keys) => plant(stage, `${keys}/secret`, rsa, 600),
    said: /it may find keys in \S+\/keys\/secret, which you can't read/,
  },
  'variables that a guest sets': {
    config: ['AcceptEnv BASH_*'],
    said: /guests can set variables of your login shell: AcceptEnv BASH_\*/,
  },
  'variables of ~/.ssh/environment': {
    config: ['PermitUserEnvironment yes'],
    plant: (stage) => stage.writeFile('.ssh/environment', 'BASH_ENV=/tmp/x\n'),
    said: /it sets variables of your login shell: PermitUserEnvironment and \S+\/.ssh\/environment/,
  },
  'a keys command for some addresses alone': {
    config: [
      'Match Address 10.0.0.0/8',
      'AuthorizedKeysCommand /bin/true',
      'AuthorizedKeysCommandUser root',
      'Match all',
    ],
    said: /AuthorizedKeysCommand \/bin\/true \(Match Address 10\.0\.0\.0\/8\)/,
  },
  'a block with an exception': {
    config: ['Match Address 10.0.0.0/8,!10.0.0.1', 'AuthorizedKeysCommand /bin/true', 'Match all'],
    said: /unknown for whom it has the settings below Match Address 10\.0\.0\.0\/8,!10\.0\.0\.1/,
  },
  'a block that is included, for some hosts': {
    config: ['Include KEYS/*.conf'],
    plant: (stage, keys) =>
      plant(stage, `${keys}/1.conf`, 'Match LocalAddress 192.0.2.0/24\nTrustedUserCAKeys /ca\n'),
    said: /TrustedUserCAKeys \/ca \(Match LocalAddress 192\.0\.2\.0\/24\)/,
  },
  'a folder of configuration that only root can read': {
    config: ['Include KEYS/closed/*.conf'],
    plant: (stage, keys) => stage.account.asRoot(`mkdir -m 700 ${keys}/closed`),
    said: /you can't read all of its configuration: \S+\/closed/,
  },
  'a terminal refused to some addresses': {
    config: ['Match Address 192.0.2.*', 'PermitTTY no', 'Match all'],
    said: /it gives no terminals: PermitTTY no \(Match Address 192\.0\.2\.\*\)/,
    keepsOut: true,
  },
  'N3: no ed25519 keys': {
    config: ['PubkeyAcceptedAlgorithms rsa-sha2-*,ecdsa-*'],
    said: /it accepts none of file:\S+'s keys \(ssh-ed25519\): PubkeyAcceptedAlgorithms/,
    keepsOut: true,
  },
  'N3: longer RSA keys': {
    config: ['RequiredRSASize 4096'],
    said: /it accepts none of file:\S+'s keys \(ssh-rsa\): RequiredRSASize 4096/,
    keepsOut: true,
    key: rsa,
  },
};

test.runIf(isRoot())(
  'W1 N3: an sshd that may let a key in past the gate, or keeps it out, is not taken, and one that was named warns',
  async () => {
    await using machine = await makeMachine();
    const { stage } = machine;
    const guest = await stage.guest();
    for (const [what, { config, said, key, keepsOut = false, plant: prepare }] of rows(
      Object.entries(ways),
      2,
    )) {
      const keys = await configure(stage);
      await prepare?.(stage, keys);
      await configure(stage, ...config);
      const file = await stage.writeFile('guest.pub', `${key ?? guest.identity.publicKey}\n`, 0o644);
      const auto = await stage.run([...start, file]);
      expect(auto, what).toMatchObject({ exitCode: 0 });
      expect(auto.stdout.split('\n')[0], what).toMatch(said);
      expect(await theOne(stage), what).toMatchObject({ door: 'private' });
      await stage.run(['stop']);
      const { stdout, stderr, exitCode } = await stage.run([...start, '--port', '22', file]);
      expect({ exitCode, stdout: stdout.split('\n')[0] }, what).toEqual({
        exitCode: 0,
        stdout: "guests come through this machine's sshd, port 22",
      });
      expect(stderr, what).toMatch(said);
      expect(stderr, what).toContain(
        `may ${keepsOut ? 'keep your guest out' : 'let your guest in past the gate'}: `,
      );
      expect(await stage.run(['stop']), what).toMatchObject({ exitCode: 0 });
      await stage.account.asRoot(`rm -rf ${keys}; rm -f ${stage.account.home}/.ssh/*`);
    }
    await configure(stage);
    await stage.run([...start, await keyFileOf(stage, guest)]);
    expect(await theOne(stage)).toMatchObject({ door: 'system' });
  },
  600_000,
);

test.runIf(isRoot() && isWhole())(
  'N3: some keys of a guest, or those of an invited one, are not accepted: that is told',
  async () => {
    await using stage = await makeStage();
    await configure(stage, 'PubkeyAcceptedAlgorithms ssh-ed25519');
    const guest = await stage.guest();
    const both = await stage.writeFile('both.pub', `${rsa}\n${guest.identity.publicKey}\n`, 0o644);
    const started = await stage.run([...named(stage), both]);
    expect(started.stderr).toMatch(/does not accept all of file:\S+\/both\.pub's keys \(ssh-rsa\)/);
    const other = await stage.writeFile('other.pub', `${keygen('rsa', 2048).publicLine}\n`, 0o644);
    expect((await stage.run(['invite', other])).stderr).toMatch(
      /warning: this machine's sshd may keep your guest out: it accepts none of file:\S+\/other\.pub's keys/,
    );
  },
);

interface Check {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly mend?: string;
}

/** What the doctor says of this stage's sshd, ill or not. */
async function doctor(stage: Stage): Promise<Check[]> {
  const env = { GITHUB_API_URL: 'http://127.0.0.1:1', GITLAB_URL: 'http://127.0.0.1:1' };
  const args = ['doctor', '--json', '--door', 'system', '--port', String(stage.sshd.port)];
  const { stdout } = await stage.run(args, { env, timeout: 60_000 });
  const { checks }: { checks: Check[] } = JSON.parse(stdout);
  return checks.filter(({ check }) => check === 'obstacle');
}

test.runIf(isRoot() && isWhole())(
  'W1 N3: the doctor names each way in and each type of key that is refused, with a fix',
  async () => {
    await using stage = await makeStage({ keys: `cert-authority ${authority}\n` });
    const keys = await configure(
      stage,
      'AuthorizedKeysCommand /bin/true',
      'AuthorizedKeysCommandUser root',
      'TrustedUserCAKeys KEYS/ca',
      'AuthorizedKeysFile .ssh/authorized_keys KEYS/secret',
      'MaxAuthTries 2',
      'PubkeyAcceptedAlgorithms ssh-ed25519',
      'Match Address 192.0.2.1',
      'ForceCommand /bin/date',
      'Match all',
      'AcceptEnv *',
    );
    await plant(stage, `${keys}/secret`, rsa, 600);
    const found = await doctor(stage);
    expect(found.map(({ level, message, mend }) => `${level} ${message} / ${mend}`)).toEqual(
      [
        /^warn .*: a program gives it keys: AuthorizedKeysCommand \/bin\/true \/ .*--door private/,
        /^warn .*: it accepts certificates: TrustedUserCAKeys \S+\/ca \/ .*--door private/,
        /^warn .*: guests can set variables of your login shell: AcceptEnv \* \/ .*--door private/,
        /^warn .*: it ends a login after 2 keys .* \/ .*IdentitiesOnly=yes/,
        /^warn .*: it runs another command for everybody: ForceCommand \/bin\/date \(Match Address 192\.0\.2\.1\) \/ see what/,
        /^warn .*: it may find keys in \S+\/secret, which you can't read \/ .*--door private/,
        /^warn .*: it accepts certificates: cert-authority in \S+\/authorized_keys:1 \/ .*--door private/,
        /^warn .*: it does not accept ecdsa-sha2-nistp256, .*ssh-rsa keys: PubkeyAcceptedAlgorithms \/ .*Accepted/,
      ].map((line) => expect.stringMatching(line)),
    );
  },
);

test.runIf(isRoot() && isWhole())(
  'N3: the doctor names a type that is refused, and the fix lets its own guest in',
  async () => {
    await using stage = await makeStage({ keys: '' });
    await configure(stage, 'PubkeyAcceptedAlgorithms rsa-sha2-512');
    const [named] = await doctor(stage);
    expect(named).toMatchObject({
      level: 'fail',
      message: expect.stringContaining('it does not accept ssh-ed25519, ecdsa-sha2-nistp256'),
      mend: expect.stringMatching(/^sudo sh -c .*PubkeyAcceptedAlgorithms \+ssh-ed25519,/),
    });
    await stage.account.asRoot(`sudo() { "$@"; }; ${named?.mend}`);
    await until(async () => (await doctor(stage)).length === 0, { what: 'the fix to work', timeout: 30_000 });
  },
);

test.runIf(isRoot())('N3: what an sshd of our own refuses, by its build or a policy, is told', async () => {
  await using stage = await makeStage({ account: { devpts: 'good' } });
  const wrapper = '#!/bin/sh\nexec /usr/sbin/sshd "$@" -o PubkeyAcceptedAlgorithms=ecdsa-sha2-nistp256\n';
  await stage.writeFile('bin/sshd', wrapper, 0o755);
  const env = { PATH: `${stage.account.home}/bin:${stage.account.env.PATH}` };
  const file = await keyFileOf(stage, await stage.guest());
  const { stderr } = await stage.run([...start, '--door', 'private', file], { env });
  expect(stderr).toMatch(
    /this pairing's sshd may keep your guest out: it accepts none of file:\S+'s keys \(ssh-ed25519\)/,
  );
});
