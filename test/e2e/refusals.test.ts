import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import { litter } from '../support/live.ts';
import { holdKeys, keyFileOf, rooms } from '../support/pairing.ts';
import { expectWithin } from '../support/soon.ts';
import { isWhole } from '../support/whole.ts';

const own = '# mine\n';
const refused = /^tmuxpair: error: [^\n]*[^.\n]\ntmuxpair: hint: [^\n]*\n$/;

/** Runs command lines without a terminal, two at a time: each must end so, and nothing may have happened. */
async function expectRefused(
  stage: Stage,
  lines: readonly (readonly string[])[],
  exit: number,
  words: RegExp,
  env?: Record<string, string>,
): Promise<void> {
  const before = stage.snapshot();
  const rest = [...lines];
  const worker = async (): Promise<void> => {
    for (let args = rest.shift(); args; args = rest.shift()) {
      const { exitCode, stdout, stderr } = await stage.run(args, { env });
      expect({ args, exitCode, stdout, stderr }).toEqual({
        args,
        exitCode: exit,
        stdout: '',
        stderr: expect.stringMatching(refused),
      });
      expect(stderr).toMatch(words);
      expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]| at .*\(/);
    }
  };
  await Promise.all([worker(), worker()]);
  stage.expectUntouched(before);
  expect([litter(stage), rooms(stage)]).toEqual([[], []]);
}

test.runIf(isWhole())('O3: a username that no forge has is a usage error, and nobody is asked', async () => {
  await using stage = await makeStage({ keys: own });
  const forge = await startForge({ kind: 'github' });
  const env = { GITHUB_API_URL: forge.url, GITLAB_URL: forge.url, CODEBERG_URL: forge.url };
  const names = [
    ...['', '-oProxyCommand=touch x', '../x', 'a/../b', 'a b', 'a\nb', 'a%2fb', 'x'.repeat(300), '12345'],
    ...['оctocat', 'ada\u202e', 'ad\u200ba', 'a--b', 'a?b', 'a#b', '.', '..', '$(touch x)', '\x1b[31m'],
  ];
  await expectRefused(
    stage,
    names.flatMap((name, index) => [
      ['--github', name],
      [[`@${name}`], [`github:${name}`]][index % 2] ?? [],
      ...(name === 'a--b' ? [] : [[`gitlab:${name}`]]),
    ]),
    2,
    / is no (GitHub (username|organization)|GitLab username|team's name|host name)$/m,
    env,
  );
  await expectRefused(
    stage,
    [['@ada@'], ['@ada@-x'], ['@ada@a b'], ['@ada@host/x'], ['@ada@[::1']],
    2,
    / is no host name$/m,
    env,
  );
  await expectRefused(stage, [['ftp:ada']], 2, / no provider is called "ftp"$/m, env);
  expect(forge.requests).toEqual([]);
  await forge.close();
});

test('O5: a name that no session may have is a usage error', async () => {
  await using stage = await makeStage({ keys: own });
  const path = await keyFileOf(stage, await stage.guest());
  const words = / --session ".*" can't be the name of a session$/m;
  const names = [
    '',
    '#(touch x)',
    'a:b',
    'a.b',
    '=$9',
    '=pair',
    '$1',
    '@1',
    '%1',
    '-x',
    '--',
    'x'.repeat(300),
    'a b',
    'a\nb',
    'é',
    '../x',
  ];
  await expectRefused(
    stage,
    names.map((name) => [`--session=${name}`, path]),
    2,
    words,
  );
  await expectRefused(stage, [['-s', '-x', path]], 2, words);
  await expectRefused(stage, [[path]], 2, words, { TMUXPAIR_SESSION: '#(touch x)' });
});

test('usage: unknown options, ports and hosts that are none, nobody to let in, no terminal', async () => {
  await using stage = await makeStage({ keys: own });
  const path = await keyFileOf(stage, await stage.guest());
  const values = (option: string, texts: readonly string[]) =>
    texts.map((text) => [`--${option}=${text}`, path]);
  await expectRefused(stage, [[], ['--'], ['--ttl', '30m']], 2, /who is your guest/);
  await expectRefused(
    stage,
    [
      ['--no-such-option', path],
      ['-Z', path],
    ],
    2,
    /unknown option/,
  );
  await expectRefused(stage, [['--sesion', 'x', path]], 2, /hint: .*--session/);
  await expectRefused(stage, [['--github']], 2, /argument missing/);
  await expectRefused(stage, [['octocat']], 2, /"octocat" is no guest and no file/);
  const ports = ['0', '65536', '-1', 'ssh', '22x', '', '1e3', '0x16'];
  await expectRefused(stage, values('port', ports), 2, /--port ".*" is not a port/);
  await expectRefused(stage, values('forward', ['0', '70000', 'x', '-1']), 2, /--forward ".*" is not a port/);
  await expectRefused(stage, values('host', ['-x', 'a b', '$(x)', '']), 2, /--host ".*" is not a host name/);
  await expectRefused(
    stage,
    values('authorized-keys', ['']),
    2,
    /--authorized-keys needs the path of a file/,
  );
  await expectRefused(stage, [['-r', '--forward=3000', path]], 2, /guests who may only look get no ports/);
  await expectRefused(stage, [[path]], 2, /a pairing needs a terminal/);
  await expectRefused(stage, [[path]], 2, /TMUXPAIR_READ_ONLY is "perhaps"/, {
    TMUXPAIR_READ_ONLY: 'perhaps',
  });
});

test('a key file that is none: exit 3, and no waiting', async () => {
  await using stage = await makeStage({ keys: own });
  await stage.account.demand('sh', [
    '-c',
    'mkfifo fifo; mkdir folder; ln -s nowhere link; : >empty; head -c 2000000 /dev/zero >huge',
  ]);
  await stage.writeFile('closed', 'x\n', 0o000);
  const names = [
    './missing.pub',
    './fifo',
    './folder',
    './link',
    './empty',
    './huge',
    './closed',
    '/dev/zero',
  ];
  await expectRefused(
    stage,
    names.map((name) => [name]),
    3,
    / (is not a plain file|is too large|has no public SSH keys|there is no such file|permission denied)/,
  );
});

test('authorized_keys of modes, or of kinds, that sshd would not take: exit 5, untouched', async () => {
  await using stage = await makeStage({ keys: own });
  const path = await keyFileOf(stage, await stage.guest());
  const { account, keysPath } = stage;
  const states: readonly (readonly [string, string])[] = [
    [`chmod 666 ${keysPath}`, 'can be written by everybody'],
    [`chmod 660 ${keysPath}`, 'can be written by its group'],
    [`chmod 600 ${keysPath}; chmod 777 .ssh`, 'which can be written by everybody'],
    [
      `chmod 700 .ssh; rm ${keysPath}; ln -s nowhere ${keysPath}`,
      'is a symbolic link to a file that does not exist',
    ],
    [`rm ${keysPath}; mkfifo ${keysPath}`, 'is not a regular file'],
    [`rm ${keysPath}; mkdir ${keysPath}`, 'is not a regular file'],
    [`rmdir ${keysPath}; chmod 500 .ssh`, 'permission denied'],
  ];
  for (const [change, words] of states) {
    await account.demand('sh', ['-c', change]);
    const { ino, mode } = statSync(`${account.home}/.ssh`);
    await using host = await stage.pair([path], { columns: 250 });
    expect([change, await host.exitStatus()]).toEqual([change, 5]);
    const said = await host.transcript();
    expect(said).toMatch(/^tmuxpair: error: .*authorized_keys\b/m);
    expect(said).toContain(words);
    expect(statSync(`${account.home}/.ssh`)).toMatchObject({ ino, mode });
    expect([litter(stage), rooms(stage)]).toEqual([[], []]);
  }
});

test.runIf(isWhole())(
  'authorized_keys that another edits for longer than anybody should: exit 5, and nobody is waited for twice',
  async () => {
    await using stage = await makeStage({ keys: own });
    const path = await keyFileOf(stage, await stage.guest());
    holdKeys(stage);
    const before = stage.snapshot();
    const since = performance.now();
    const host = await stage.pair([path], { columns: 250 });
    expect(await host.exitStatus({ timeout: 45_000 })).toBe(5);
    expectWithin(performance.now() - since, 19_000);
    expect(await host.transcript()).toContain(`is being changed by process ${process.pid}`);
    stage.expectUntouched(before);
    expect(rooms(stage)).toEqual([]);
  },
);

test('a tmux that is missing, no tmux, or too old: exit 6, and nothing is granted', async () => {
  await using stage = await makeStage({ keys: own });
  const path = await keyFileOf(stage, await stage.guest());
  const old = await stage.writeFile('bin/old', '#!/bin/sh\necho tmux 3.1c\n', 0o755);
  const before = stage.snapshot();
  const tmuxes = {
    '/no/such/tmux': 'is not there',
    'no-such-tmux': 'is not there',
    [old]: 'is too old',
    '/bin/false': 'failed',
  };
  for (const [tmux, words] of Object.entries(tmuxes)) {
    await using host = await stage.pair(['--tmux', tmux, path]);
    expect([tmux, await host.exitStatus()]).toEqual([tmux, 6]);
    expect(await host.transcript()).toContain(words);
    stage.expectUntouched(before);
    expect([litter(stage), rooms(stage)]).toEqual([[], []]);
  }
});
