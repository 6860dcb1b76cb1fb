import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeAccount } from '../support/account.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { listed, theOne } from '../support/listed.ts';
import { goLive, invited, leases, remains } from '../support/live.ts';
import { type OwnTmux, ownTmux } from '../support/own-tmux.ts';
import { readProcess, signalProcess } from '../support/processes.ts';
import { isRoot } from '../support/run.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

/** Two lines of status, and options of the session's own. */
const configuration = `set -g status 2\nset -g 'status-format[1]' 'second line'\nset -g status-right 'mine'\n`;

async function share(stage: Stage, { host }: Pick<OwnTmux, 'host'>, args: string): Promise<void> {
  // An earlier one's may show until the screen is cleared.
  await host.type('clear\r');
  await host.waitForNo('rc=');
  await host.type(`tmuxpair --port ${stage.sshd.port} ${args}; echo rc=$?\r`);
  await host.waitFor(/^rc=\d/m, { timeout: 45_000 });
}

/** All that can be set of a session, as it is. */
function optionsOf(stage: Stage, tmux: OwnTmux): Promise<string> {
  return stage.account.demand('tmux', ['-u', '-N', '-S', tmux.socket, 'show-options', '-t', 'work']);
}

async function over(stage: Stage): Promise<void> {
  const left = () => [
    ...leases(stage),
    ...remains(stage).filter(({ cmd }) =>
      /supervise|\/switch|\/clock| -C attach|^sshd(-session)?:/.test(cmd),
    ),
  ];
  await until(() => left().length === 0, { what: 'nothing to be left' }).catch(() => {
    throw new Error(
      `left of the pairing:\n${left()
        .map((one) => JSON.stringify(one))
        .join('\n')}`,
    );
  });
}

test('inside tmux: the prompt comes back, the guest sees that session, and is out when the host detaches', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  const ada = await invited(stage, 'ada');
  await stage.writeFile('.tmux.conf', configuration);
  const tmux = await ownTmux(stage);
  await tmux.run('set-option', '-t', 'work', 'detach-on-destroy', 'off');
  await tmux.run('set-option', '-t', 'work', 'status-right', 'it\'s #{session_name}; "x" ~ $HOME → \\;');
  await tmux.run('new-session', '-d', '-s', 'secret', 'echo secret; exec cat');
  const before = await optionsOf(stage, tmux);
  const snapshot = stage.snapshot();

  await share(stage, tmux, 'ada.pub </dev/null');
  expect(await tmux.host.screen()).toContain('can reach every session of its tmux server');
  await tmux.host.waitFor('rc=2');
  await tmux.host.type(`clear; LC_ALL=C tmuxpair --port ${stage.sshd.port} ada.pub; echo rc=$?\r`);
  await tmux.host.waitFor('share it? [y/N]');
  await tmux.host.type('y\r');
  await tmux.host.waitFor('rc=0');
  expect(await theOne(stage)).toMatchObject({ session: 'work', shared: true, socket: tmux.socket });
  await tmux.host.waitFor("it's work");
  expect(await tmux.host.screen()).toContain('second line');

  const seat = await ada.join();
  await seat.waitFor('rc=0');
  await tmux.host.waitFor('ada has joined from 127.0.0.1');
  await seat.type('echo $((20+1))-from-ada\r');
  await tmux.host.waitFor('21-from-ada');
  await share(stage, tmux, '--yes ada.pub');
  expect(await tmux.host.screen()).toContain('the session work is shared already, by pairing');

  const detached = performance.now();
  await tmux.host.sendKeys('C-b', 'd');
  await seat.exitStatus();
  const out = performance.now() - detached;
  console.log(`out ${Math.round(out)} ms after the host detached`);
  expectWithin(out, 1000);
  await over(stage);
  const hooks = ['-u', '-N', '-S', tmux.socket, 'show-hooks', '-g', 'client-session-changed'];
  expect(await stage.account.demand('tmux', hooks)).not.toContain('switch-client');
  stage.expectUntouched(snapshot);
  expect(await optionsOf(stage, tmux)).toBe(before);
});

test('an sshd is tried by a session of its own, not by the one that is shared', async () => {
  await using stage = await makeStage({ isFresh: true });
  await invited(stage, 'ada');
  const tmux = await ownTmux(stage);
  await share(stage, tmux, '--yes ada.pub');
  await until(() => /Accepted publickey/.test(stage.sshd.log()), { what: 'the trial login' });
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  await over(stage);
  expect(await tmux.host.transcript()).not.toMatch(/a trial login could not|is shared already/);
});

test('read-only in a shared session: no question, no way in, no other session; typing there is asked for', async () => {
  await using stage = await makeStage();
  const [ada] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  const tmux = await ownTmux(stage);
  await tmux.run('new-session', '-d', '-s', 'secret', 'echo secret; exec cat');
  await share(stage, tmux, '--read-only ada.pub');
  await tmux.host.waitFor('rc=0');
  const seat = await ada.join();
  await seat.waitFor('view only, q leaves');
  await seat.sendKeys('C-b', ')', 'C-b', 's', 'C-b', 'd', 'C-b', ':');
  await seat.type('kill-server\r');
  await tmux.host.type('echo $((20+1))-still\r');
  await seat.waitFor('21-still');
  expect(await seat.screen()).not.toContain('secret');

  for (const command of [
    ['access', 'ada', 'rw'],
    ['invite', 'bob.pub'],
  ]) {
    const refused = await stage.run(command);
    expect(refused.stderr).toContain('can reach every session of its tmux server');
    expect(refused.exitCode).toBe(2);
  }
  expect(await stage.run(['invite', '-r', 'bob.pub'])).toMatchObject({ exitCode: 0 });
  expect(await stage.run(['access', '--yes', 'ada', 'rw'])).toMatchObject({ exitCode: 0 });
  await seat.waitForNo('q leaves');
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  await seat.exitStatus();
  await over(stage);
  expect(await tmux.host.isRunning()).toBe(true);
});

test('a supervisor that was killed leaves the shared session as it was; so does the next one, where nobody else did', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const tmux = await ownTmux(stage);
  const before = await optionsOf(stage, tmux);
  await share(stage, tmux, '--yes ada.pub');
  const seat = await ada.join();
  await seat.waitFor('rc=0');
  const { supervisorPid } = await theOne(stage);
  const supervisor = readProcess(supervisorPid);
  if (supervisor) signalProcess(supervisor, 'SIGKILL');
  const killed = performance.now();
  await seat.exitStatus();
  console.log(`out ${Math.round(performance.now() - killed)} ms after the kill`);
  await until(async () => (await optionsOf(stage, tmux)) === before, { what: 'the session to be as it was' });
  await over(stage);

  await share(stage, tmux, '--yes ada.pub');
  const { supervisorPid: second } = await theOne(stage);
  const [folder = ''] = leases(stage);
  const hasClock = () => stage.processes().some(({ cmd }) => cmd === `/bin/sh ${folder}/clock`);
  await until(hasClock, { what: 'the clock' });
  const all = stage.processes().filter(({ pid, cmd }) => pid === second || cmd.includes(`${folder}/`));
  for (const one of all) signalProcess(one, 'SIGKILL');
  await stage.account.demand('rm', ['-r', folder]);
  expect(await optionsOf(stage, tmux)).toContain('@tmuxpair-lease');
  // What tmux says of the clock, in a mode of the pane's.
  await tmux.host.waitFor('[ ! -f ');
  await tmux.host.sendKeys('q');
  await tmux.host.waitForNo('[ ! -f ');
  await share(stage, tmux, '--yes ada.pub');
  expect(await tmux.host.screen()).toContain('rc=0');
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  expect(await optionsOf(stage, tmux)).toBe(before);
});

test('an end that fails is told in a shared session, too, and leaves nothing in it', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  await invited(stage, 'ada');
  const snapshot = stage.snapshot();
  const tmux = await ownTmux(stage);
  const before = await optionsOf(stage, tmux);
  await share(stage, tmux, '--yes ada.pub');
  const { supervisorPid } = await theOne(stage);
  await stage.account.demand('chmod', ['500', '.ssh']);
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 7 });
  await tmux.host.waitFor('not all could be taken back; tmuxpair list says why');
  await until(() => readProcess(supervisorPid) === undefined, { what: 'its end' });
  expect(await optionsOf(stage, tmux)).toBe(before);
  await stage.account.demand('chmod', ['700', '.ssh']);
  expect(await stage.run(['list'])).toMatchObject({ exitCode: 0, stdout: 'nothing is live\n' });
  await over(stage);
  stage.expectUntouched(snapshot);
});

test.runIf(isWhole())(
  'a session by name from outside, one that is not there, and a host who sends all other clients away',
  async () => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    const tmux = await ownTmux(stage);
    const env = { TMUX: `${tmux.socket},1,0` };
    const options = ['--port', String(stage.sshd.port), '--yes', 'ada.pub'];
    expect(await stage.run(['--share', 'wor', ...options], { env })).toMatchObject({ exitCode: 2 });
    expect(await stage.run(['--share', ...options])).toMatchObject({ exitCode: 2 });
    expect(await stage.run(['--share=work', ...options], { env })).toMatchObject({ exitCode: 0 });
    const seat = await ada.join();
    await seat.waitFor('[work]');
    await tmux.host.waitFor('ada has joined');
    const client = (await tmux.run('list-clients', '-F', '#{client_control_mode} #{client_name}'))
      .split('\n')
      .filter((line) => line.startsWith('0'))
      .map((line) => line.slice(2));
    expect(client.length).toBe(2);
    await tmux.host.type('tmux detach-client -a\r');
    await seat.exitStatus();
    // What watches for the pairing was sent away, too, and is back.
    const again = await ada.join();
    await again.waitFor('[work]');
    await tmux.host.sendKeys('C-b', 'd');
    await again.exitStatus();
    await over(stage);
  },
);

test.runIf(isWhole())('inside the room of an earlier pairing: that room again, and nobody asks', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const PATH = `${stage.account.home}/bin:${process.env.PATH}`;
  await (await import('../support/own-tmux.ts')).programFolder(stage);
  const live = await goLive(stage, ['ada.pub'], { env: { PATH } });
  const { host } = live;
  await share(stage, { host }, 'ada.pub');
  expect(await host.screen()).toContain(`the session pair is shared already, by pairing ${live.id}`);
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  await host.waitFor('the session is yours');
  await share(stage, { host }, 'ada.pub');
  expect(await host.screen()).toContain('rc=0');
  expect(await listed(stage)).toMatchObject([{ session: 'pair', shared: false, socket: live.socket }]);
  const seat = await ada.join();
  await seat.waitFor('rc=0');
  await host.sendKeys('C-b', 'd');
  await seat.exitStatus();
});

test.runIf(isRoot())(
  "S2: somebody else's tmux server in the place of the host's is not spoken to",
  async () => {
    await using stage = await makeStage();
    await using eve = await makeAccount();
    await invited(stage, 'ada');
    const { account } = stage;
    const folder = (await eve.demand('mktemp', ['-d', '/tmp/tp-eve-XXXXXX'])).trim();
    const socket = `${folder}/tmux-${account.uid}/default`;
    const written = `${account.home}/written-by-eve`;
    // tmux 3.3 lets other accounts in only if it is told so; before that, the socket's mode decides.
    await eve.demand('sh', ['-c', `chmod 1777 ${folder}; mkdir -m 777 ${folder}/tmux-${account.uid}`]);
    const alias = `display-message=save-buffer -b evil ${written} ; display-message`;
    await eve.demand('tmux', [
      ...['-S', socket, '-f', '/dev/null', 'new-session', '-d', '-s', 'work', ';'],
      ...['set-option', '-s', 'command-alias[100]', alias, ';', 'set-buffer', '-b', 'evil', 'evil'],
    ]);
    await eve.exec('tmux', ['-S', socket, 'server-access', '-a', account.name]);
    await eve.demand('chmod', ['777', socket]);
    const options = ['--port', String(stage.sshd.port), '--yes', 'ada.pub'];
    const cases: [Record<string, string>, string[]][] = [
      [{ TMUX_TMPDIR: folder }, ['--share=work']],
      [{ TMUX: `${socket},1,0`, TMUX_PANE: '%0' }, []],
      [{ TMUX: `${socket},1,0`, TMUX_PANE: '%0' }, ['--share=work']],
    ];
    for (const [env, share] of cases) {
      const { exitCode, stderr } = await stage.run([...share, ...options], { env });
      expect(stderr).toContain(`the tmux socket ${socket} is not safe to use: ${folder}`);
      expect(exitCode).toBe(2);
    }
    const { exitCode } = await stage.run(['--unattended', '-d', '--copy', '--session', 'mine', ...options], {
      env: { TMUX: `${socket},1,0`, TMUX_PANE: '%0' },
    });
    expect(exitCode).toBe(0);
    expect(existsSync(written)).toBe(false);
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });

    // A link of theirs to a folder of the host's own: they could make it lead elsewhere at any time.
    const own = await ownTmux(stage);
    await eve.demand('sh', [
      '-c',
      `rm -r ${folder}/tmux-*; ln -s ${account.scratch} ${folder}/tmux-${account.uid}`,
    ]);
    await own.run('rename-session', '-t', 'work', 'linked');
    const linked = await stage.run(['--share=linked', ...options], {
      env: { TMUX: `${folder}/tmux-${account.uid}/own,1,0` },
    });
    expect(linked).toMatchObject({ exitCode: 0 });
    expect((await listed(stage)).map((pairing) => pairing.socket)).toContain(own.socket);
    await eve.demand('rm', ['-r', folder]);
  },
);
