import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import type { Guest } from '../support/guest.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft, goLive, invited } from '../support/live.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

/** A guest whose terminal says that it has this size, which no window has to have. */
function joinAs(guest: Guest, columns: number, rows: number): Promise<Terminal> {
  const ssh = ['ssh', ...guest.sshArgs(['-tt'])].map((word) => `'${word}'`).join(' ');
  return openTerminal(guest.account, ['sh', '-c', `stty cols ${columns} rows ${rows}; exec ${ssh}`]);
}

/** What the tmux of an unattended pairing says. */
async function unattended(stage: Stage, ...args: string[]) {
  const port = ['--port', String(stage.sshd.port)];
  expect(await stage.run(['--unattended', '-d', ...port, ...args])).toMatchObject({ exitCode: 0 });
  const { socket } = await theOne(stage);
  return (format: string) =>
    stage.account
      .demand('tmux', ['-N', '-S', socket, 'display-message', '-p', format])
      .then((said) => said.trim());
}

test('S3 R2: terminals that are too large or too small are refused at the gate, one of no size is not', async () => {
  await using stage = await makeStage();
  const [ada, bob] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  const { host } = await goLive(stage, ['ada.pub', 'bob.pub']);
  expect(await stage.run(['access', 'bob', 'ro'])).toMatchObject({ exitCode: 0 });
  for (const guest of [ada, bob]) {
    for (const [columns, rows, said] of [
      [10_000, 10_000, 'make your window smaller'],
      [9, 30, 'make your window larger'],
      [80, 2, 'make your window larger'],
    ] as const) {
      const seat = await joinAs(guest, columns, rows);
      await seat.waitFor(said);
      expect(await seat.exitStatus()).not.toBe(0);
      await seat.close();
    }
    const seat = await joinAs(guest, 0, 0);
    await seat.waitFor('pair');
    await seat.close();
  }
  expect(await host.isRunning()).toBe(true);
});

test('S3: a viewer whose terminal becomes huge once they are in leaves the host their screen', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const { host, room } = await goLive(stage, ['-r', 'ada.pub']);
  const seat = await ada.join();
  await host.waitFor('ada has joined');
  const size = async () => (await room('display-message', '-p', '#{window_width}x#{window_height}')).stdout;
  const before = await size();
  const tty = (await ada.account.demand('readlink', [`/proc/${seat.pid}/fd/0`])).trim();
  await ada.account.demand('sh', ['-c', `stty cols 10000 rows 10000 <${tty}`]);
  for (let n = 0; n < 5; n++) {
    await host.type(`echo $((${n}+500))-goes-on\r`);
    await host.waitFor(`${n + 500}-goes-on`, { timeout: 5000 });
  }
  const views = async () => (await room('list-clients', '-F', '#{client_width} #{client_height}')).stdout;
  expect(Math.max(...(await views()).split(/\s+/).map(Number))).toBeLessThanOrEqual(500);
  expect(await size()).toBe(before);
});

test.each(rows(['-r', '--approve'], 1))(
  'S5: who joins a session that nobody else is in does not resize it (%s)',
  async (more) => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    const ask = await unattended(stage, ...(more === '-r' ? ['-r'] : []), 'ada.pub');
    const size = '#{window_width}x#{window_height}';
    const before = await ask(size);
    const seat = await ada.join({ columns: 40, rows: 12 });
    await until(async () => (await theOne(stage)).guests[0]?.connections.length === 1, { what: 'the join' });
    await seat.resize(30, 10);
    await until(async () => (await ask('#{session_attached}')) !== '0', { what: 'the guest to be attached' });
    const seen = new Set<string>();
    for (const columns of [35, 25, 45, 20]) {
      await seat.resize(columns, 10);
      seen.add(await ask(size));
    }
    await seat.close();
    seen.add(await ask(size));
    expect([...seen]).toEqual([before]);
  },
);

test('S4: not a byte of a guest who may look arrives, however their window gains and loses the focus', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  await stage.writeFile('.tmux.conf', 'set -g focus-events on\n');
  const recorder = ['sh', '-c', "stty raw -echo; printf '\\033[?1004h'; echo recording; exec cat >got"];
  const { host, room } = await goLive(stage, ['-r', 'ada.pub', '--', ...recorder]);
  await host.waitFor('recording');
  // The program's own client has the focus for tmux, and so has the window from when that is there.
  const hasOwn = async () =>
    (await room('list-clients', '-F', '#{client_control_mode}')).stdout.includes('1');
  await until(hasOwn, { what: "the program's own client" });
  const got = () => readFileSync(`${stage.account.home}/got`, 'latin1');
  await host.type('?');
  await until(() => got().endsWith('?'), { what: 'what came with that client to have come' });
  const before = got();
  const seat = await ada.join();
  await seat.waitFor('view only');
  // Who is in for less than the time between two looks is not told to have left.
  await host.waitFor('ada has joined');
  for (let n = 0; n < 5; n++) await seat.type('\x1b[I\x1b[O');
  await seat.type('\x1b[Ixyz');
  // What comes within a millisecond of another key is no key to tmux, but part of a paste.
  const hasLeft = async () => {
    if (!(await seat.isRunning())) return true;
    await seat.sendKeys('q').catch(() => {});
    return false;
  };
  await until(hasLeft, { what: 'the guest to leave', interval: 200 });
  await host.waitFor('ada has left');
  await host.type('!');
  await until(() => got().endsWith('!'), { what: "the host's key" });
  expect(got()).toBe(`${before}!`);
});

test.runIf(isWhole())('T3: a guest who suspends their client goes on, and is not frozen', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const { host } = await goLive(stage, ['ada.pub']);
  const seat = await ada.join();
  await host.waitFor('ada has joined');
  await seat.sendKeys('C-b', 'C-z');
  await seat.type('echo $((20+3))-after\r');
  await host.waitFor('23-after');
  await seat.waitFor('23-after');
});

test.each(rows(['terminal', 'elsewhere'], 1))(
  'T3: the host who suspends their client leaves: %s',
  async (where) => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    let host: Terminal;
    if (where === 'terminal') host = (await goLive(stage, ['ada.pub'])).host;
    else {
      await stage.run(['-d', '--port', String(stage.sshd.port), 'ada.pub']);
      host = await stage.terminal(['tmux', '-S', (await theOne(stage)).socket, 'attach']);
      await host.waitFor('[pair]');
    }
    const seat = await ada.join();
    await seat.waitFor('[pair]');
    await host.sendKeys('C-b', 'C-z');
    await seat.exitStatus();
    if (where === 'terminal') {
      expect(await host.exitStatus()).toBe(0);
      expect(await host.transcript()).toContain('you suspended tmux: access is revoked');
    }
    await until(async () => (await stage.run(['list'])).stdout === 'nothing is live\n', { what: 'the end' });
    await host.close();
    await expectNothingLeft(stage);
  },
);

test.each(
  rows(
    [
      ['to look', ['-r']],
      ['to type', []],
    ],
    1,
  ),
)(
  'I9: a command that moves the latest client moves no guest who is in %s, and shows them nothing',
  async (_, how) => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    const { host, room, socket } = await goLive(stage, [...how, 'ada.pub']);
    const seat = await ada.join();
    await host.waitFor('ada has joined');
    const hooks = async () => (await room('show-hooks', '-g', 'client-session-changed')).stdout;
    await until(async () => (await hooks()).includes('switch-client'), { what: 'the guest to be held' });
    await room('new-session', '-d', '-s', 'private', 'echo secret-of-another; exec cat');
    const format = '#{client_control_mode} #{client_flags} #{client_name} #{session_name}';
    const clients = async () =>
      (await room('list-clients', '-F', format)).stdout
        .split('\n')
        .filter((line) => /^0 \S*ignore-size/.test(line));
    const [, , name = ''] = (await clients())[0]?.split(' ') ?? [];
    const before = await clients();
    for (let n = 0; n < 3; n++) {
      expect((await room('switch-client', '-c', name, '-t', 'private')).exitCode).toBe(0);
      expect(await clients()).toEqual(before);
    }
    await host.type('echo $((20+7))-seen\r');
    await seat.waitFor('27-seen');
    expect(await seat.transcript()).not.toContain('secret-of-another');
    // The host goes where they like.
    await host.sendKeys('C-b', ':');
    await host.type('switch-client -t private\r');
    await host.waitFor('secret-of-another');
    await stage.account.exec('tmux', ['-N', '-S', socket, 'kill-session', '-t', '=private']);
  },
);

test.each(
  rows(
    ['client-attached', 'client-session-changed', 'client-resized', 'by a script'].map(
      (hook) => [hook] as const,
    ),
    4,
  ),
)(
  'S19 I9: a hook of the host’s that moves whoever comes in shows a guest no other session: %s',
  async (hook) => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    const move = 'switch-client -t secret';
    const name = hook === 'by a script' ? 'client-attached' : hook;
    // Of what a program does that a hook runs, nothing can be known beforehand.
    const command = hook === 'by a script' ? `run-shell "tmux ${move}"` : move;
    await stage.writeFile(
      '.tmux.conf',
      `new-session -d -s secret 'while :; do echo secret-of-another; sleep .1; done'\nset-hook -g ${name} '${command}'\n`,
    );
    await unattended(stage, '-r', 'ada.pub', '--', 'sh', '-c', 'echo their-own; exec cat');
    const { socket, session } = await theOne(stage);
    const room = (...words: string[]) => stage.account.exec('tmux', ['-N', '-S', socket, ...words]);
    const seat = await ada.join();
    if (hook === 'by a script') {
      await until(async () => !(await seat.isRunning()) || /their-own/.test(await seat.screen()), {
        what: 'the guest to be brought back, or put out',
      });
    } else {
      await seat.waitFor('their-own');
      expect(await seat.transcript()).not.toContain('secret-of-another');
    }
    const { stdout } = await room('list-clients', '-t', '=secret', '-F', '#{client_control_mode}');
    expect(stdout.split('\n').filter((line) => line === '0')).toEqual([]);
    expect((await stage.run(['stop'])).exitCode).toBe(0);
    // The host's hooks are theirs again.
    expect((await room('show-hooks', '-t', `=${session}:`)).stdout).not.toContain(name);
    await room('kill-server');
  },
);
