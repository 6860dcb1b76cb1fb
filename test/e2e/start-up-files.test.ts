import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../support/control.ts';
import { makeStage } from '../support/fixture.ts';
import { listed, theOne } from '../support/listed.ts';
import { expectNothingLeft, goLive, invited, leases } from '../support/live.ts';
import { makeMachine } from '../support/machine.ts';
import { keyFileOf, leaseLines } from '../support/pairing.ts';
import { destinationOf, forPrivateDoor, invite } from '../support/private-door.ts';
import { variableOf } from '../support/processes.ts';
import { isRoot } from '../support/run.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

/** Each has the terminal, and with it the guest, until somebody types. */
const startUp = [
  ['bash', '.bashrc', 'exec zsh -f -i'],
  ['zsh', '.zshenv', 'exec bash --norc'],
  ['fish', '.config/fish/config.fish', 'exec bash --norc'],
  ['tcsh', '.tcshrc', 'exec bash --norc'],
  ['mksh', '.mkshrc', 'exec bash --norc'],
  ['dash', '.profile', 'exec bash --norc'],
] as const;

test.each(rows(startUp, 1))(
  'W2 T1: %s: a private sshd runs no start-up file of the user, and HOME is right inside',
  async (shell, file, text) => {
    await using stage = await makeStage({ account: { ...forPrivateDoor.account, shell: `/bin/${shell}` } });
    const { home, demand } = stage.account;
    // The host's own shell, in the session, is to read them.
    const inSsh = 'env | grep -q ^SSH_CONNECTION=';
    await stage.writeFile(file, `${inSsh} && touch ${home}/ran\n${inSsh} && ${text}\n`);
    // A terminal type that this account alone knows.
    await demand('sh', [
      '-c',
      'infocmp xterm | sed "s/^xterm[^,]*,/mine|my own,/" >mine && tic -o .terminfo mine',
    ]);
    const guest = await stage.guest();
    const keyFile = await keyFileOf(stage, guest);
    const { host, destination } = await invite(stage, ['--door', 'private', '--read-only', keyFile]);
    const there = guest.as({ destination });
    const clients = () => stage.processes().filter(({ cmd }) => / attach-session -E -r /.test(cmd));
    const seat = await there.join({ options: ['-o', 'SetEnv=TERM=mine'] });
    await seat.waitFor('view only');
    const [client] = await until(() => (clients().length > 0 ? clients() : undefined), {
      what: 'their client',
    });
    expect(variableOf(client?.pid ?? 0, 'HOME')).toBe(home);
    for (const name of ['ZDOTDIR', 'XDG_CONFIG_HOME'])
      expect(variableOf(client?.pid ?? 0, name)).toBe(undefined);
    const airlock = stage.processes().find(({ cmd }) => /\/air\/\d+ /.test(cmd));
    expect(variableOf(airlock?.pid ?? 0, 'TERM')).toBe('mine');

    // A channel without a terminal, and one with a command: another way for a start-up file to go.
    expect(await there.run(['-T'])).toMatchObject({ stderr: expect.stringContaining('only a terminal') });
    expect(await there.run([], ['id'])).toMatchObject({ stdout: '' });
    expect(existsSync(`${home}/ran`)).toBe(false);
    await host.sendKeys('C-b', 'd');
    await host.exitStatus();
  },
);

const guard = 'case $- in *i*) ;; *) return;; esac';
const background = ['--unattended', '--detach', '--host', '127.0.0.1'];
/** A program of two words, which no shell of the host's has to start. */
const program = ['--', 'cat', '-'];

test('W2: auto takes a private sshd where start-up files keep guests from the gate, says why, and the doctor names the cure', async () => {
  await using stage = await makeStage(forPrivateDoor);
  await stage.writeFile('.bashrc', 'exec zsh -f\n');
  const guest = await invited(stage, 'guest');
  const { stdout, exitCode } = await stage.run([...background, 'guest.pub', ...program]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /guests of this machine's sshd on port \d+ would not reach the session \(your login shell \/bin\/bash \(~\/.bashrc\) gives their terminal to another program first\): guests come through an sshd of this pairing's own/,
  );
  const seat = await guest.as({ destination: destinationOf((await theOne(stage)).sshCommand) }).join();
  await seat.waitFor('[pair]');
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  await seat.exitStatus();

  const named = await stage.run(['doctor', '--port', String(stage.sshd.port)]);
  expect(named.stdout).toMatch(/^fail {2}a guest can't be let in: your guests would not reach the session/m);
  expect(named.stdout).toContain(`in ~/.bashrc: ${guard}`);
  expect(named.exitCode).toBe(6);
  // The cure, as it is told.
  await stage.writeFile('.bashrc', `${guard}\nexec zsh -f\n`);
  expect((await stage.run(['doctor', '--port', String(stage.sshd.port)])).stdout).toMatch(
    /^ok {4}a guest got in/m,
  );
});

test.runIf(isRoot() && isWhole())(
  'W2: a doctor that would take a private sshd for it says so, and names the cure',
  async () => {
    await using machine = await makeMachine(['Port 22'], '203.0.113.1', 'good');
    const { stage } = machine;
    await stage.writeFile('.bashrc', 'exec zsh -f\n');
    const { stdout, exitCode } = await stage.run(['doctor']);
    expect(stdout).toMatch(
      /^warn {2}guests of this machine's sshd would not reach the session: .*~\/\.bashrc/m,
    );
    expect(stdout).toContain(`in ~/.bashrc: ${guard}`);
    expect(stdout).toMatch(/^ok {4}a guest got in through an sshd of our own/m);
    expect(exitCode).toBe(0);
  },
);

test.runIf(isWhole())(
  'W2: slow start-up files are waited for, and said to be; once proven, a pairing begins without them',
  async () => {
    await using stage = await makeStage();
    await invited(stage, 'guest');
    // A relative name: a file that is named by its path is one that all depends on.
    const file = await stage.writeFile('.bashrc', 'sleep 3; echo >>runs\n');
    // What has just been written may be written again without that being seen.
    await until(() => Date.now() - statSync(file).ctimeMs > 300, { what: 'the file to be older' });
    const runs = async () => (await stage.account.exec('cat', ['runs'])).stdout.length;
    const start = () =>
      stage.run(['--port', String(stage.sshd.port), ...background, 'guest.pub', ...program]);
    const stop = async () => expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    const waiting = 'tmuxpair: waiting for the start-up files of /bin/bash, as your guests would\n';

    // Five in the trial of the shell, and one in the trial login, which is made anew where an account of this machine's
    // has changed, as other tests have it do.
    expect(await start()).toMatchObject({ exitCode: 0, stderr: waiting });
    const before = await runs();
    expect(before).toBeGreaterThanOrEqual(6);
    await stop();
    expect(await start()).toMatchObject({ exitCode: 0, stderr: '' });
    await until(async () => (await runs()) >= before + 5, {
      what: 'it to be proven anew, once live',
      timeout: 45_000,
    });
    await stop();
    await stage.writeFile('.bashrc', 'sleep 2; echo >>runs\n');
    expect(await start()).toMatchObject({ exitCode: 0, stderr: waiting });
    await stop();
    await expectNothingLeft(stage);
  },
);

test.each(
  rows(
    [
      ['changes while it lives', 'exec zsh -f\n'],
      ['changes while it lives, to one that ends', 'exit 0\n'],
    ],
    1,
  ),
)('W2 S1: a start-up file that %s: access ends, and is said to', async (_, text) => {
  await using stage = await makeStage();
  await invited(stage, 'guest');
  const before = stage.keysFile();
  await stage.writeFile('.bashrc', 'true\n');
  const started = await stage.run([
    ...['--port', String(stage.sshd.port), ...background, 'guest.pub', ...program],
  ]);
  expect(started).toMatchObject({ exitCode: 0 });
  await stage.writeFile('.bashrc', text);
  await until(() => leaseLines(stage).length === 0, { what: 'the lines to be gone', timeout: 45_000 });
  await until(async () => (await listed(stage)).length === 0, { what: 'the pairing to be over' });
  expect(stage.keysFile()).toEqual(before);
  expect((await stage.run(['log'])).stdout).toContain('start-up files of the login shell had changed');
});

test('W2 F1: what start-up files have started for the probe ends with it, also after a SIGKILL', async () => {
  await using stage = await makeStage();
  await invited(stage, 'guest');
  await stage.writeFile('.bashrc', 'sleep 601 & setsid sleep 602 & sleep 603\n');
  const sleeping = () => stage.processes().filter(({ cmd }) => /^sleep 60\d$/.test(cmd));
  const host = await stage.pair(['guest.pub', ...program]);
  await until(() => sleeping().length >= 15, { what: 'three in each of five shells' });
  expect(leaseLines(stage)).toEqual([]);
  await stage.account.demand('kill', ['-KILL', String(host.pid)]);
  await until(() => sleeping().length === 0, { what: 'all of them to end' });
  await expectNothingLeft(stage);

  await stage.writeFile('.bashrc', 'sleep 601 & setsid sleep 602 &\n');
  const port = String(stage.sshd.port);
  expect(await stage.run(['--port', port, ...background, 'guest.pub', ...program])).toMatchObject({
    exitCode: 0,
  });
  // Those of the trial login stay, as of any login.
  await until(() => sleeping().length <= 2, { what: 'all of them to end while the pairing lives' });
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
});

test('W2: a change of access has no shell of the host’s run in the guest’s terminal', async () => {
  await using stage = await makeStage();
  await stage.writeFile('.tmux.conf', 'set -g default-shell /bin/zsh\n');
  const inSsh = 'env | grep -q ^SSH_CONNECTION=';
  await stage.writeFile('.zshenv', `${inSsh} && touch ~/ran\n${inSsh} && exec bash --norc\n`);
  const guest = await invited(stage, 'guest');
  const live = await goLive(stage, ['guest.pub']);
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  const [folder = ''] = leases(stage);
  for (const access of ['read-only', 'read-write', 'read-only']) {
    expect(await ask(folder, { op: 'access', guest: 'guest', access })).toMatchObject({ ok: true });
    if (access === 'read-only') await seat.waitFor('view only');
    else await seat.waitForNo('view only');
  }
  expect(existsSync(`${stage.account.home}/ran`)).toBe(false);
  expect((await live.room('show-options', '-gv', 'default-shell')).stdout).toBe('/bin/zsh\n');
  expect((await live.room('show-options', '-t', '=pair:', 'default-shell')).stdout).toBe('');
});

test.each(
  rows(
    [
      ['the language of their terminal', 'test "$LC_TERMINAL" = iTerm2 && exec zsh -f\n'],
      ['the type of their terminal', 'case $TERM in tmux*) exec zsh -f;; esac\n'],
      ['where they come from', 'case $SSH_CLIENT in *:*) exec zsh -f;; esac\n'],
    ],
    1,
  ),
)('W2: a start-up file that obeys %s is found before anybody is let in', async (_, text) => {
  await using stage = await makeStage();
  await invited(stage, 'guest');
  await stage.writeFile('.bashrc', text);
  const port = String(stage.sshd.port);
  expect(await stage.run(['--port', port, ...background, 'guest.pub', ...program])).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('~/.bashrc'),
  });
  expect(leaseLines(stage)).toEqual([]);
});

test.runIf(isWhole())(
  'W2 I20: a command that comes into a start-up file while live, under a condition that no trial meets, is told',
  async () => {
    await using stage = await makeStage();
    await invited(stage, 'guest');
    const port = String(stage.sshd.port);
    expect(await stage.run(['--port', port, ...background, 'guest.pub', ...program])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    await stage.writeFile('.bashrc', '[ "$TERM" = xterm-kitty ] && exec zsh -f\n');
    const told = async () => (await stage.run(['list'])).stdout;
    const words =
      /trouble: a start-up file of your login shell has changed: ~\/\.bashrc:1 may give .* \(exec zsh\)/;
    await until(async () => words.test(await told()), { what: 'it to be told' });
    await stage.writeFile('.bashrc', ':\n');
    await until(async () => !words.test(await told()), { what: 'it to be over' });
  },
);

test.runIf(isWhole())(
  'W2 I15: a file that a start-up file names, and that comes between two pairings, is tried before anybody is let in',
  async () => {
    await using stage = await makeStage();
    await invited(stage, 'guest');
    await stage.writeFile('.bashrc', '[ ! -e ~/later ] || . ~/later\n');
    const start = ['--port', String(stage.sshd.port), ...background, 'guest.pub', ...program];
    expect(await stage.run(start)).toMatchObject({ exitCode: 0 });
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    await stage.writeFile('later', 'exec zsh -f\n');
    expect(await stage.run(start)).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('~/.bashrc'),
    });
    expect(leaseLines(stage)).toEqual([]);
  },
);

test.runIf(isRoot())(
  'W2: a login shell that is changed while live, and does not come to the gate, ends access',
  async () => {
    await using stage = await makeStage();
    await invited(stage, 'guest');
    await stage.writeFile('.zshenv', 'exec bash --norc\n');
    const port = String(stage.sshd.port);
    expect(await stage.run(['--port', port, ...background, 'guest.pub', ...program])).toMatchObject({
      exitCode: 0,
    });
    await stage.account.asRoot(`usermod -s /bin/zsh ${stage.account.name}`);
    await until(() => leaseLines(stage).length === 0, { what: 'the lines to be gone' });
    await until(async () => (await listed(stage)).length === 0, { what: 'the pairing to be over' });
  },
);

test.runIf(isRoot()).each(
  rows(
    [
      ['/etc/ssh/sshrc', 'if [ "$TERM" = xterm-kitty ]; then exec bash -i </dev/tty; fi\n'],
      ['/etc/zsh/zshenv', '[[ $TERM == xterm-kitty ]] && exec bash\n'],
    ],
    1,
  ),
)('W2: a private sshd has the files of all users run: what %s may do is told', async (file, text) => {
  const files = { [file]: text };
  await using stage = await makeStage({ account: { ...forPrivateDoor.account, shell: '/bin/zsh', files } });
  await invited(stage, 'guest');
  const { stderr } = await stage.run(['--door', 'private', ...background, 'guest.pub', ...program]);
  expect(stderr).toContain(
    `warning: this pairing's sshd: ${file}:1 may give your guest's terminal to another`,
  );
  expect(stderr).toContain('(exec bash');
  expect(stderr).not.toContain('--door private');
});

test.runIf(isRoot()).each(
  rows(
    [
      ['bash', '.bashrc', '[ -z $LC_CTYPE ] || :\n', '[ -z "$LC_CTYPE" ] || :\n'],
      ['bash', '.bashrc', '[ -f ~/.dircolors.$TERM ] || :\n', '[ -f ~/.dircolors."$TERM" ] || :\n'],
      ['bash', '.bashrc', '[ dumb = $LC_MINE ] || :\n', '[ dumb = "$LC_MINE" ] || :\n'],
      ['bash', '.bashrc', 'if [ $TERM = dumb ]; then :; fi\n', 'if [ "$TERM" = dumb ]; then :; fi\n'],
      ['bash', '.bashrc', '[[ $LC_TERMINAL -eq 1 ]] && :\n', '[[ $LC_TERMINAL == 1 ]] && :\n'],
      ['zsh', '.zshenv', '(( LC_MINE )) || :\n', '[ $LC_MINE = x ] || :\n'],
      ['tcsh', '.cshrc', 'if ($TERM == dumb) set noglob\n', 'if ("$TERM" == dumb) set noglob\n'],
      ['tcsh', '.cshrc', 'if (x$TERM == xdumb) set noglob\n', 'if ("x$TERM" == xdumb) set noglob\n'],
      ['tcsh', '.cshrc', 'if (dumb == $TERM) set noglob\n', 'if (dumb == "$TERM") set noglob\n'],
      ['tcsh', '.cshrc', 'if (-f ~/.ls.$TERM) set noglob\n', 'if (-f ~/.ls."$TERM") set noglob\n'],
    ],
    1,
  ),
)('W5: %s: what a guest sets is no code in ~/%s: %j is refused', async (shell, file, bad, good) => {
  await using stage = await makeStage({ account: { shell: `/bin/${shell}` } });
  await invited(stage, 'guest');
  const start = ['--port', String(stage.sshd.port), ...background, 'guest.pub', ...program];
  await stage.writeFile(file, bad);
  expect(await stage.run(start)).toMatchObject({
    exitCode: 6,
    stderr: expect.stringMatching(
      /could run commands before they reach the session.*what a guest's ssh sets/,
    ),
  });
  expect(leaseLines(stage)).toEqual([]);
  await stage.writeFile(file, good);
  expect(await stage.run(start)).toMatchObject({ exitCode: 0 });
});

test.runIf(isRoot() && isWhole())('W5: all that AcceptEnv lets through is tried', async () => {
  await using machine = await makeMachine(['Port 2200', 'AcceptEnv LANG NO_COLOR'], '127.0.0.1', 'good');
  const { stage } = machine;
  await invited(stage, 'guest');
  for (const name of ['NO_COLOR', 'LANG']) {
    await stage.writeFile('.bashrc', `[ -z $${name} ] || :\n`);
    expect(await stage.run(['--port', '2200', ...background, 'guest.pub', ...program])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('could run commands before they reach the session'),
    });
  }
});

test.runIf(isRoot() && isWhole())('W5: a private sshd is no way past a file of all users', async () => {
  const files = { '/etc/csh.cshrc': 'if (x$TERM == xdumb) set noglob\n' };
  await using stage = await makeStage({ account: { ...forPrivateDoor.account, shell: '/bin/tcsh', files } });
  await invited(stage, 'guest');
  expect(await stage.run(['--door', 'private', ...background, 'guest.pub', ...program])).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('/etc/csh.cshrc'),
  });
});

test('W5: what is below a condition that no trial meets: auto takes a private sshd, a port that is named gets a warning', async () => {
  await using stage = await makeStage(forPrivateDoor);
  await invited(stage, 'guest');
  await stage.writeFile('.bashrc', '# mine\n[ ! -e ~/nowhere ] || [ -z $TERM ]\n');
  const { stdout, stderr, exitCode } = await stage.run([...background, 'guest.pub', ...program]);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(
    /guests of this machine's sshd on port \d+ might run commands before they reach the session \(your login shell \/bin\/bash may run as a command what a guest's ssh sets \(~\/.bashrc:2\)\): guests come through an sshd of this pairing's own/,
  );
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  const port = String(stage.sshd.port);
  const named = await stage.run(['--port', port, ...background, 'guest.pub', ...program]);
  expect(named.exitCode).toBe(0);
  expect(named.stdout + named.stderr).toContain(
    "~/.bashrc:2 may run what a guest's ssh sets as a command: put quotes around $TERM",
  );
});

test.runIf(isRoot() && isWhole())(
  'W5: of a file of all users, what is below a condition is told for a private sshd, too',
  async () => {
    const files = { '/etc/csh.cshrc': 'if ($?WHAT) then\n  if (x$TERM == xdumb) set noglob\nendif\n' };
    await using stage = await makeStage({
      account: { ...forPrivateDoor.account, shell: '/bin/tcsh', files },
    });
    await invited(stage, 'guest');
    const { stderr } = await stage.run(['--door', 'private', ...background, 'guest.pub', ...program]);
    expect(stderr).toMatch(
      /warning: this pairing's sshd: \/etc\/csh\.cshrc:2 may run what a guest's ssh sets/,
    );
    expect(stderr).not.toContain('--door private');
  },
);

test.each(
  rows(
    [
      // Only a new trial tells.
      ['nobody could see it ask for', '[ -z "$(ls later 2>/dev/null)" ] || exec zsh -f\n', 'later', 60_000],
      // Within seconds: the folder is looked at.
      ['all files of a folder', 'for f in ~/parts/*; do . "$f"; done\n', 'parts/two', 15_000],
    ],
    1,
  ),
)('W2: what comes later, and a start-up file reads: %s: access ends', async (_, text, name, timeout) => {
  await using stage = await makeStage();
  await invited(stage, 'guest');
  await stage.writeFile('parts/one', ':\n');
  await stage.writeFile('.bashrc', `echo >>runs\n${text}`);
  const port = String(stage.sshd.port);
  expect(await stage.run(['--port', port, ...background, 'guest.pub', ...program])).toMatchObject({
    exitCode: 0,
  });
  // What is tried at first, and once more as soon as it is live, does not meet it.
  const runs = async () => (await stage.account.exec('cat', ['runs'])).stdout.length;
  const what = 'it to be proven anew';
  await until(async () => (await runs()) >= 8, { what, timeout: 30_000 });
  await until(() => !stage.processes().some(({ cmd }) => cmd.includes('/probe/')), { what });
  await stage.writeFile(name, 'exec zsh -f\n');
  await until(() => leaseLines(stage).length === 0, { what: 'the lines to be gone', timeout });
  await until(async () => (await listed(stage)).length === 0, { what: 'the pairing to be over' });
});

test.each(
  rows(
    [
      ['at first', 'tmux -L mine new-session'],
      ['on a connection that was at the gate before', 'exec sh -c "stty -icanon; sleep 1000"'],
    ],
    1,
  ),
)(
  'W2 I17: a guest whose terminal a start-up file gives away for them alone, %s, is seen: access ends',
  async (when, command) => {
    await using stage = await makeStage();
    const guest = await invited(stage, 'guest');
    await stage.writeFile('.bashrc', `test "$SSH_ORIGINAL_COMMAND" != mine || ${command}\n`);
    const port = String(stage.sshd.port);
    expect(await stage.run(['--port', port, ...background, '-r', 'guest.pub', ...program])).toMatchObject({
      exitCode: 0,
    });
    const isFirst = when === 'at first';
    await using master = await guest.master({ session: isFirst ? 'none' : 'terminal' });
    if (!isFirst) await master.terminal?.waitFor('view only');
    const seat = isFirst
      ? guest.join({ command: ['mine'] }).then((terminal) => terminal.exitStatus({ timeout: 60_000 }))
      : master.channel(['-tt'], ['mine']);
    await until(() => leaseLines(stage).length === 0, { what: 'the lines to be gone', timeout: 30_000 });
    await seat;
    expect(
      stage.processes().filter(({ cmd, ppid }) => ppid !== 1 && /^sleep 1000|-L mine new/.test(cmd)),
    ).toEqual([]);
    await until(async () => (await listed(stage)).length === 0, { what: 'the pairing to be over' });
    expect((await stage.run(['log'])).stdout).toContain('start-up files of the login shell');
  },
);

test.runIf(isWhole())(
  'W2: a command that may take their terminal: auto takes a private sshd, a port that is named gets a warning',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    await invited(stage, 'guest');
    await stage.writeFile('.bashrc', '# mine\n[ -e ~/nowhere ] && exec zsh\n');
    const { stdout, exitCode, stderr } = await stage.run([...background, 'guest.pub', ...program]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(
      /guests of this machine's sshd on port \d+ might not reach the session \(your login shell \/bin\/bash has a command that may give their terminal to another program \(~\/.bashrc:2\)\): guests come through an sshd of this pairing's own/,
    );
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    const port = String(stage.sshd.port);
    const named = await stage.run(['--port', port, ...background, 'guest.pub', ...program]);
    expect(named.exitCode).toBe(0);
    expect(named.stdout + named.stderr).toContain(
      "~/.bashrc:2 may give your guest's terminal to another program (exec zsh)",
    );
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    await stage.writeFile('.bashrc', `${guard}\nexec zsh -f\n`);
    const cured = await stage.run([...background, 'guest.pub', ...program]);
    expect(cured.stdout).toContain(`through this machine's sshd, port ${port}`);
  },
);

test('W2 I17: a guest in whose terminal the host’s own tmux was is named at the end', async () => {
  await using stage = await makeStage();
  const guest = await invited(stage, 'guest');
  await stage.writeFile(
    '.bashrc',
    '! tmux -L mine has-session -t main 2>/dev/null || tmux -L mine attach -t main\n',
  );
  const host = await stage.pair(['--port', String(stage.sshd.port), '-r', 'guest.pub', ...program]);
  await until(() => leaseLines(stage).length > 0, { what: 'the lines' });
  await stage.account.demand('tmux', ['-L', 'mine', 'new-session', '-d', '-s', 'main', 'sh']);
  const seat = await guest.join();
  await until(() => leaseLines(stage).length === 0, { what: 'access to end', timeout: 45_000 });
  await seat.exitStatus();
  await host.sendKeys('C-b', 'd');
  await host.exitStatus();
  expect(await host.transcript()).toMatch(
    /guest had a program of yours, such as a shell, in their terminal for \d+s: they may have typed there/,
  );
  expect(await host.transcript()).not.toContain('nobody reached');
  await stage.account.demand('tmux', ['-L', 'mine', 'kill-server']);
});

test.each(
  rows(
    [
      ['a program of the host’s own', '~/bin/attach-main', 'bin/attach-main', '#!/bin/sh\n'],
      ['a program in a folder of theirs', 'PATH=$PATH:~/bin; attach-main', 'bin/attach-main', '#!/bin/sh\n'],
      ['text that a command prints', 'eval "$(cat ~/parts/tmux.sh)"', 'parts/tmux.sh', '# mine\n'],
      ['a file that a command prints', '. <(cat ~/parts/tmux.sh)', 'parts/tmux.sh', '# mine\n'],
    ],
    1,
  ),
)(
  'W2: what always runs, and has a condition of its own: %s: auto takes a private sshd, a port that is named gets a warning',
  async (_, line, file, head) => {
    await using stage = await makeStage(forPrivateDoor);
    const guest = await invited(stage, 'guest');
    // No trial meets it: the session comes later.
    await stage.writeFile(
      file,
      `${head}! tmux has-session -t main 2>/dev/null || exec tmux attach -t main\n`,
    );
    await stage.account.demand('chmod', ['755', file]);
    await stage.writeFile('.bashrc', `${line}\n`);
    const { stdout, stderr, exitCode } = await stage.run([...background, '-r', 'guest.pub', ...program]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(
      /might not reach the session \(your login shell \/bin\/bash has a command that may give their terminal to another program \(~\/.*\)\): guests come through an sshd of this pairing's own/,
    );
    expect(stdout).toContain(`(~/${file}:2)`);
    await stage.account.demand('tmux', ['new-session', '-d', '-s', 'main', 'sh']);
    const seat = await guest.as({ destination: destinationOf((await theOne(stage)).sshCommand) }).join();
    await seat.waitFor('view only');
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    await stage.account.demand('tmux', ['kill-server']);
    const named = await stage.run([
      '--port',
      String(stage.sshd.port),
      ...background,
      'guest.pub',
      ...program,
    ]);
    expect(named).toMatchObject({ exitCode: 0 });
    expect(named.stdout + named.stderr).toContain(
      `~/${file}:2 may give your guest's terminal to another program (exec tmux)`,
    );
  },
);

test('W2: exit for some terminals: auto takes a private sshd, a port that is named gets a warning', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await invited(stage, 'guest');
  // No trial comes with that terminal.
  await stage.writeFile('.bashrc', '# mine\n[ "$TERM" = vt100 ] && exit 1\ntrue\n');
  const { stdout, exitCode, stderr } = await stage.run([...background, 'guest.pub', ...program]);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(
    /guests of this machine's sshd on port \d+ might not reach the session \(your login shell \/bin\/bash may end before it runs what sshd tells it to \(~\/.bashrc:2\)\): guests come through an sshd of this pairing's own/,
  );
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  const port = String(stage.sshd.port);
  const named = await stage.run(['--port', port, ...background, 'guest.pub', ...program]);
  expect(named.exitCode).toBe(0);
  expect(named.stdout + named.stderr).toContain("~/.bashrc:2 may end your guest's login (exit 1)");
  // It is as said.
  const vt100 = await guest.join({ env: { TERM: 'vt100' } });
  await vt100.exitStatus();
  expect(await vt100.transcript()).not.toContain('[pair]');
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  // Not where it is for a prompt, or does something else.
  await stage.writeFile(
    '.bashrc',
    '[[ $- == *i* ]] && [ $TERM = vt100 ] && exit\n[ "$TERM" = vt100 ] && PS1=x\ntrue\n',
  );
  const harmless = await stage.run([...background, 'guest.pub', ...program]);
  expect(harmless.stdout).toContain(`through this machine's sshd, port ${port}`);
  expect(harmless.stdout + harmless.stderr).not.toContain('may end');
});

/** What leads to other start-up files than the account's own environment does. */
const elsewhere = [
  ['zsh', 'ZDOTDIR', '.zshenv'],
  ['fish', 'XDG_CONFIG_HOME', 'fish/config.fish'],
  ['bash', 'HOME', '.bashrc'],
] as const;
const pam = `auth required pam_permit.so
account required pam_permit.so
session required pam_env.so
session required pam_env.so envfile=/etc/default/locale user_readenv=1
`;
/** How sshd comes by a variable: its settings, and what files have. */
const ways: Readonly<Record<string, (entry: string) => readonly [string, Readonly<Record<string, string>>]>> =
  {
    SetEnv: (entry) => [`SetEnv ${entry}`, {}],
    '/etc/environment': (entry) => ['UsePAM yes', { '/etc/environment': `${entry}\n` }],
    '/etc/security/pam_env.conf': (entry) => [
      'UsePAM yes',
      { '/etc/security/pam_env.conf': `${entry.replace('=', ' DEFAULT=')}\n` },
    ],
    '/etc/default/locale': (entry) => ['UsePAM yes', { '/etc/default/locale': `${entry}\n` }],
  };
const led = [
  ...elsewhere.map((one) => ['SetEnv', ...one] as const),
  ...Object.keys(ways).map((way) => [way, ...elsewhere[0]] as const),
].slice(1);

test.runIf(isRoot()).each(rows(led, 1))(
  'W2: by %s, sshd has %s find by %s another %s, and that one is tried, whatever was proven before',
  async (way, shell, name, file) => {
    const folder = mkdtempSync('/var/tmp/tmuxpair-test-');
    await using _ = { [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
    chmodSync(folder, 0o755);
    const [setting, files] = ways[way]?.(`${name}=${folder}`) ?? ['', {}];
    await using machine = await makeMachine([setting], '127.0.0.1', 'good', {
      shell,
      files: { '/etc/pam.d/sshd': pam, ...files },
    });
    const { stage } = machine;
    await invited(stage, 'guest');
    const start = () =>
      stage.run(['--port', String(stage.sshd.port), ...background, 'guest.pub', ...program]);
    const put = (text: string) => {
      mkdirSync(dirname(`${folder}/${file}`), { recursive: true });
      writeFileSync(`${folder}/${file}`, text);
    };
    put(':\n');
    expect(await start()).toMatchObject({ exitCode: 0 });
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    put(shell === 'bash' ? 'exec zsh -f\n' : 'exec bash --norc\n');
    expect(await start()).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining(`${folder}/${file}`),
    });
    expect(leaseLines(stage)).toEqual([]);
  },
);

test.runIf(isRoot() && isWhole())(
  'W2: a file of PAM that begins to lead elsewhere while a pairing lives ends it',
  async () => {
    await using machine = await makeMachine(['UsePAM yes'], '127.0.0.1', 'good', {
      shell: 'zsh',
      files: { '/etc/pam.d/sshd': pam },
    });
    const { stage } = machine;
    await invited(stage, 'guest');
    await stage.writeFile('elsewhere/.zshenv', 'exec bash --norc\n');
    const port = String(stage.sshd.port);
    expect(await stage.run(['--port', port, ...background, 'guest.pub', ...program])).toMatchObject({
      exitCode: 0,
    });
    await stage.writeFile('.pam_environment', `ZDOTDIR DEFAULT=${stage.account.home}/elsewhere\n`);
    await until(() => leaseLines(stage).length === 0, { what: 'the lines to be gone', timeout: 45_000 });
  },
);

test.runIf(isRoot()).each(
  rows(
    [
      ['auto takes a private sshd', 'Port 22', []],
      ['a port that is named gets a warning, and access ends', 'Port 2200', ['--port', '2200']],
    ],
    1,
  ),
)(
  'W2: variables that nobody but sshd can read are seen by a trial login: %s',
  async (_, setting, options) => {
    const folder = mkdtempSync('/var/tmp/tmuxpair-test-');
    await using _folder = { [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
    chmodSync(folder, 0o755);
    // A login without more than a terminal gets in.
    writeFileSync(`${folder}/.zshenv`, '[[ $LC_TERMINAL != iTerm2 ]] || exec bash --norc\n');
    await using machine = await makeMachine([setting, 'UsePAM yes'], '127.0.0.1', 'good', {
      shell: 'zsh',
      files: {
        '/etc/pam.d/sshd': pam,
        '/etc/security/pam_env.conf': `ZDOTDIR DEFAULT=${folder}\n`,
      },
    });
    const { stage } = machine;
    await stage.account.asRoot('chmod 600 /etc/security/pam_env.conf');
    await invited(stage, 'guest');
    const { stdout, stderr, exitCode } = await stage.run([
      ...options,
      ...background,
      'guest.pub',
      ...program,
    ]);
    expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 });
    if (options.length === 0) {
      expect(stdout).toContain('through an sshd of this pairing');
      expect(stdout).toContain(`${folder}/.zshenv`);
      return;
    }
    expect(stdout + stderr).toContain(
      '/etc/security/pam_env.conf can set what it obeys; --door private does not',
    );
    await until(() => leaseLines(stage).length === 0, { what: 'the lines to be gone', timeout: 60_000 });
  },
);
