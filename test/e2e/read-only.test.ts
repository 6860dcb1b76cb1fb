import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { endsByTooSmall } from '../../src/room/too-small.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { isProcHidden } from '../support/hidden-proc.ts';
import { expectNothingLeft, remains } from '../support/live.ts';
import { inRoom, keyFileOf, startPairing } from '../support/pairing.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

/** What a host may well have bound, and what would let a client that is merely read-only do harm. */
const hostile = `
set -g mouse on
set -g prefix2 C-a
set -g focus-events on
set -g set-clipboard on
bind -n F1 switch-client -r
bind -n F2 detach-client -a
bind -n F3 detach-client -E 'touch escaped-F3; exec sh'
bind -n F4 attach-session -t other
bind -n F5 switch-client -t other
bind -n F6 run-shell 'touch escaped-F6'
bind -n F7 kill-session
bind -n M-x switch-client -r
bind -n C-o switch-client -n
bind -n C-t choose-tree
bind -n z switch-client -r
bind -n MouseDown1Pane switch-client -r
bind -n MouseDown3Pane detach-client -a
bind -n MouseDown1Status attach-session -t other
bind -n MouseDown1StatusLeft detach-client -E 'touch escaped-mouse; exec sh'
bind -n WheelUpPane switch-client -n
bind r switch-client -r
bind a detach-client -a
bind E detach-client -E 'touch escaped-E; exec sh'
bind o attach-session -t other
bind -T copy-mode r switch-client -r
`;

/** Records what the host's session receives, and shows it. */
const recorder = ['sh', '-c', 'stty raw -echo; echo look-here; cat -v | tee got'];

function received(stage: Stage): string {
  return readFileSync(`${stage.account.home}/got`, 'utf8');
}

/** Sends what a terminal can send, `q` aside, which leaves. */
async function tryEverything(seat: Terminal): Promise<void> {
  const printable = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n)).filter(
    (c) => c !== 'q',
  );
  const control = Array.from({ length: 32 }, (_, n) => String.fromCharCode(n)).filter((c) => c !== '\x1b');
  const text = [...printable, ...control, '\x7f'];
  for (const prefix of ['', '\x02', '\x01', '\x1b', '\x02\x1b'])
    await seat.type(text.map((c) => prefix + c).join(''));
  const functionKeys = Array.from({ length: 12 }, (_, n) => `F${n + 1}`);
  const named = [
    ...functionKeys,
    'Up',
    'Down',
    'Left',
    'Right',
    'PPage',
    'NPage',
    'Home',
    'End',
    'IC',
    'DC',
    'BTab',
  ];
  await seat.sendKeys(...named);
  for (const modifier of ['C', 'M', 'S'])
    await seat.sendKeys(...named.slice(0, 18).map((key) => `${modifier}-${key}`));
  await seat.sendKeys(...named.flatMap((key) => ['C-b', key]));
  await seat.type('\x02:switch-client -r\r\x02:kill-server\r\x02:run-shell "touch escaped-prompt"\r');
  await seat.type('\x02\x1a\x02d\x02)\x02(\x02L\x02D\x02s\r\x02w\r\x02$stolen\r\x02&y\x02xy\x02c\x02!');
  await seat.paste('touch escaped-paste\rrm -rf $HOME\r');
  for (const button of [0, 1, 2, 64, 65])
    for (const [column, row] of [
      [10, 5],
      [2, 30],
      [50, 30],
      [99, 30],
    ] as const)
      await seat.click(column, row, button);
  // Answers that a terminal gives by itself: attributes, version, focus, clipboard, colours.
  await seat.type(
    '\x1b[?64;1c\x1b[>41;360;0c\x1bP>|XTerm(360)\x1b\\\x1b[I\x1b[O\x1b]52;c;dG91Y2g=\x07\x1b]11;rgb:0/0/0\x07',
  );
}

/** A line for each client of the room, the program's own observer aside. */
async function clientsIn(stage: Stage, format: string): Promise<string[]> {
  const lines = await inRoom(stage, 'pair', 'list-clients', '-F', `#{client_control_mode} ${format}`);
  return lines
    .trim()
    .split('\n')
    .flatMap((line) => (line.startsWith('0 ') ? [line.slice(2)] : []));
}

// Without /proc, tmux names no window by what runs in it.
test.skipIf(isProcHidden)(
  'G8: a read-only guest tries every key, the mouse and a paste against a hostile tmux.conf: nothing happens',
  async () => {
    await using stage = await makeStage();
    const [guest, bystander] = await Promise.all([stage.guest(), stage.guest()]);
    if (!guest || !bystander) throw new Error('two guests');
    await stage.writeFile('.tmux.conf', hostile);
    const keys = [await keyFileOf(stage, guest, 'eve'), await keyFileOf(stage, bystander, 'bea')];
    const host = await startPairing(stage, ['--read-only', ...keys, '--', ...recorder]);
    await inRoom(
      stage,
      'pair',
      'new-session',
      '-d',
      '-s',
      'other',
      'echo secret-of-other; exec cat >other-got',
    );
    const state = () =>
      inRoom(
        stage,
        'pair',
        ...[
          'list-panes',
          '-a',
          '-F',
          '#{session_name} #{window_index} #{window_name} #{pane_id} #{pane_in_mode} #{pane_width}x#{pane_height}',
          ';',
        ],
        ...[
          'list-clients',
          '-F',
          '#{session_name} #{client_readonly} #{client_width}x#{client_height} #{client_key_table}',
          ';',
        ],
        ...['show-options', '-g', ';', 'list-buffers'],
      );

    const [seat, other] = await Promise.all([guest.join(), bystander.join()]);
    for (const one of [seat, other]) await one.waitFor('look-here');
    await seat.waitFor('view only, q leaves');
    await until(async () => (await state()).includes('other 0 cat'), {
      what: 'the other window to be named',
    });
    const before = await state();
    const home = readdirSync(stage.account.home).sort();

    await tryEverything(seat);
    await seat.waitForNo('secret-of-other');
    expect(await state()).toBe(before);
    await seat.sendKeys('q');
    expect(await seat.exitStatus()).toBe(0);

    await host.type('from the host');
    await other.waitFor('from the host');
    expect(received(stage)).toBe('from the host');
    expect(readFileSync(`${stage.account.home}/other-got`, 'utf8')).toBe('');
    expect(readdirSync(stage.account.home).sort()).toEqual(home);
    expect(await host.isRunning()).toBe(true);
    const clients = await clientsIn(stage, '#{session_name} #{client_readonly}');
    expect(clients.sort()).toEqual(['pair 0', 'pair 1']);

    // Back, and out once more: leaving is no use against coming again.
    const again = await guest.join();
    await again.waitFor('from the host');
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    for (const one of [again, other]) await one.exitStatus();
    await expectNothingLeft(stage);
  },
);

test('G8: a read-only guest whose window or connection is torn off leaves no airlock behind, and one key is all it has', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const host = await startPairing(stage, ['-r', await keyFileOf(stage, guest)]);
  const airlocks = () => stage.processes().filter(({ cmd }) => cmd.includes('/air/'));
  const watching = await guest.join();
  await watching.waitFor('view only');
  const socket = airlocks().flatMap(({ cmd }) => / -S (\S+\/air\/\d+) /.exec(cmd)?.[1] ?? [])[0] ?? '';
  const airlock = (...args: string[]) => stage.account.demand('tmux', ['-N', '-S', socket, ...args]);
  // tmux 3.7 prints nothing if there is but one.
  const keys = await airlock('bind-key', '-T', 'of-the-test', 'x', 'list-keys', ';', 'list-keys');
  expect(keys.split('\n').filter((line) => !line.includes('of-the-test'))).toEqual([
    expect.stringMatching(/^bind-key +-T root +q +detach-client$/),
    '',
  ]);
  expect(await airlock('show-options', '-gv', 'prefix', ';', 'show-options', '-gv', 'prefix2')).toBe(
    'None\nNone\n',
  );
  expect(await airlock('show-options', '-gv', 'mouse')).toBe('off\n');
  expect(await airlock('list-clients', '-F', '#{client_readonly}')).toBe('1\n');
  expect(await clientsIn(stage, '#{client_readonly}')).toEqual(['0', '1']);
  await watching.sendKeys('q');
  for (const leave of [
    (seat: Terminal) => seat.closeTerminal(),
    (seat: Terminal) => seat.sendKeys('q'),
    (seat: Terminal) => seat.type('\r~.'),
    async (seat: Terminal) => void (await guest.account.demand('kill', ['-KILL', String(seat.pid)])),
  ]) {
    const seat = await guest.join();
    await seat.waitFor('view only');
    expect(airlocks().length).toBeGreaterThan(0);
    await leave(seat);
    await until(() => airlocks().length === 0, { what: 'the airlock to go' });
  }
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  await expectNothingLeft(stage);
});

test('G7 G11: read-only, from terminals that tmux can not draw on, again and again: no airlock stays behind', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const host = await startPairing(stage, ['-r', await keyFileOf(stage, guest)]);
  // One that is known on this machine, and can't be cleared.
  await stage.writeFile('glass', 'glass|without clear,\n\tam, cols#80, cr=^M, cud1=^J, ind=^J,\n');
  await stage.account.demand('tic', ['-o', '.terminfo', 'glass']);
  const before = remains(stage).length;
  for (const TERM of ['dumb', 'glass', 'dumb']) {
    const seat = await guest.join({ env: { TERM } });
    expect(await seat.exitStatus()).toBe(1);
  }
  await until(() => remains(stage).length === before, { what: 'the airlocks to go' });
  await until(async () => (await clientsIn(stage, '#{client_pid}')).length === 1, {
    what: 'the host to be alone in the room',
  });
  const seat = await guest.join();
  await seat.waitFor('view only');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  await expectNothingLeft(stage);
});

test.each(
  rows(
    [
      ['read-only', ['--read-only']],
      ['read-write', []],
    ],
    1,
  ),
)(
  'G9: %s: whatever size a guest has, and however fast it changes, the host keeps theirs',
  async (_, options) => {
    await using stage = await makeStage();
    const guest = await stage.guest();
    const host = await startPairing(stage, [...options, await keyFileOf(stage, guest)]);
    const size = async () =>
      (await inRoom(stage, 'pair', 'list-windows', '-F', '#{window_width}x#{window_height}')).trim();
    expect(await size()).toBe('100x29');
    // Who looks only is in an airlock, which has bounds of its own.
    const version = (await stage.account.demand('tmux', ['-V'])).trim().replace('tmux ', '');
    const putsOut = options.length === 0 && endsByTooSmall(version);
    const seen = new Set<string>();
    const sizes = [
      [1, 1],
      [20, 5],
      [500, 200],
    ] as const;
    for (const [columns, rows] of sizes) {
      const seat = await guest.join({ columns, rows });
      if (rows < 6) {
        expect(await seat.exitStatus()).toBe(1);
        seen.add(await size());
        await seat.close();
        continue;
      }
      await until(async () => (await clientsIn(stage, '#{client_pid}')).length === 2, {
        what: `the guest of ${columns}x${rows} to be in`,
      });
      seen.add(await size());
      if (putsOut) {
        await seat.resize(1, 1);
        await seat.exitStatus();
        expect(await seat.transcript()).toContain('your window has become too small: 10x6 at least');
        seen.add(await size());
        await seat.close();
        continue;
      }
      for (let n = 0; n < 8; n++) {
        const [x, y] = sizes[n % 3] ?? [80, 24];
        await seat.resize(x, y);
        await seat.resize(80 + n, 24);
        seen.add(await size());
      }
      // The host's own changes still count, and reach the guest.
      await seat.resize(150, 60);
      await host.type(`echo at-$((${columns}+1000))\r`);
      await seat.waitFor(`at-${columns + 1000}`);
      seen.add(await size());
      await seat.closeTerminal();
    }
    expect([...seen]).toEqual(['100x29']);
    expect(await host.size()).toEqual({ columns: 100, rows: 30 });
    await host.resize(90, 20);
    await until(async () => (await size()) === '90x19', { what: "the host's own resizing to count" });
  },
);

test.runIf(isWhole())(
  'a configuration that would keep guests, or end the room: the session ends, and nobody moves on to another',
  async () => {
    await using stage = await makeStage();
    const guest = await stage.guest();
    await stage.writeFile(
      '.tmux.conf',
      'set -g detach-on-destroy off\nset -g destroy-unattached on\nset -s exit-unattached on\nset -g status off\n',
    );
    const host = await startPairing(stage, [await keyFileOf(stage, guest)]);
    const seat = await guest.join();
    await seat.type('echo hello\r');
    await host.waitFor(/^hello$/m);
    await inRoom(
      stage,
      'pair',
      'new-session',
      '-d',
      '-s',
      'other',
      'echo secret-of-other; exec cat',
      ';',
      'set-option',
      '-t',
      '=other:',
      'destroy-unattached',
      'off',
    );
    await host.type('exit\r');
    expect(await host.exitStatus()).toBe(0);
    expect(await seat.exitStatus()).not.toBe(255);
    expect(await seat.transcript()).not.toContain('secret-of-other');
    expect(existsSync(`${stage.account.home}/other-got`)).toBe(false);
  },
);
