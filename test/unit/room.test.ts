import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LeaseId } from '../../src/domain/lease-id.ts';
import { shWord } from '../../src/domain/sh-word.ts';
import { airlockCommands, timeLeft } from '../../src/room/airlock.ts';
import { claimRoom, type Room, unclaimRoom } from '../../src/room/claim.ts';
import { closeRoom, enterCommands, hasSession, leaveRoom, openRoom } from '../../src/room/room.ts';
import { argv, findTmux, run, tmuxVersion, withoutTmux } from '../../src/room/tmux.ts';
import { failureOf, rejectionOf } from '../support/failure-of.ts';
import { shells } from '../support/lease-folder.ts';
import { until } from '../support/wait.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tp-room-')));
});
afterEach(() => rmSync(home, { recursive: true }));

const [a, b] = ['aaaabbbbcccc', 'aaaaddddeeee'] as LeaseId[] as [LeaseId, LeaseId];

describe('the words of tmux commands', () => {
  test.each<[string, string[][], string[]]>([
    ['one command', [['list-clients', '-t', '=pair']], ['list-clients', '-t', '=pair']],
    ['two', [['a'], ['b', 'c']], ['a', ';', 'b', 'c']],
    ['a word that is ;', [['send', ';']], ['send', '\\;']],
    ['a word that ends in ;', [['send', 'ls;'], ['x']], ['send', 'ls\\;', ';', 'x']],
    ['a ; within', [['send', 'a;b']], ['send', 'a;b']],
    ['an empty word', [['set', 'x', '']], ['set', 'x', '']],
    ['none', [], []],
  ])('%s', (_, commands, words) => {
    expect(argv(commands)).toEqual(words);
  });

  test('a word for sh is itself for every shell, whatever is in it', () => {
    const words = [
      '',
      'a',
      '$(touch x)',
      "it's",
      '`id`',
      'a b',
      '\\',
      '"',
      '*',
      '~',
      'a\nb',
      '#{x}',
      ';',
      '-n',
      'é',
    ];
    for (const [program = '', ...args] of shells) {
      const { stdout } = spawnSync(program, [...args, '-c', `printf '%s\\0' ${words.map(shWord).join(' ')}`]);
      expect(stdout.toString().split('\0').slice(0, -1), program).toEqual(words);
    }
    expect(shWord('/usr/bin/tmux')).toBe('/usr/bin/tmux');
  });
});

describe('tmux is', () => {
  const program = (text: string, name = 'tmux') => {
    writeFileSync(join(home, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return join(home, name);
  };

  test('found on the PATH, by its absolute path; a folder of that name is none', () => {
    mkdirSync(join(home, 'a', 'tmux'), { recursive: true });
    const path = program('');
    expect(findTmux({ PATH: `${home}/a::${home}` })).toBe(path);
    expect(findTmux({ PATH: '' }, path)).toBe(path);
    expect(findTmux({ PATH: home }, 'tmux')).toBe(path);
  });

  test.each(['', 'tmux', './tmux', '/nonexistent/tmux'])('missing as %j', (named) => {
    expect(failureOf(() => findTmux({ PATH: home }, named))).toMatchObject({ kind: 'program-missing' });
  });

  test('missing where it can not be run', () => {
    chmodSync(program(''), 0o644);
    expect(failureOf(() => findTmux({ PATH: home }))).toMatchObject({
      kind: 'program-missing',
      program: 'tmux',
    });
  });

  test.each([
    'tmux 3.2',
    'tmux 3.2a',
    'tmux 3.10',
    'tmux 4.0',
    'tmux next-3.6',
    'tmux master',
    'tmux openbsd-7.5',
  ])('new enough as %s', async (version) => {
    expect(await rejectionOf(tmuxVersion(program(`echo ${version}`)))).toBeUndefined();
  });

  test.each([
    ['echo tmux 3.1c', { kind: 'program-too-old', found: '3.1', floor: '3.2' }],
    ['echo tmux 2.9', { kind: 'program-too-old', found: '2.9' }],
    ['echo screen 4.9', { kind: 'program-failed', doing: 'telling its version' }],
    ['echo no libevent >&2; exit 127', { kind: 'program-failed', detail: 'no libevent' }],
    ['echo tmux 3.4; exit 1', { kind: 'program-failed' }],
  ])('refused where it does %j', async (text, failure) => {
    expect(await rejectionOf(tmuxVersion(program(text)))).toMatchObject(failure);
  });

  test('not told that it is nested', () => {
    expect(withoutTmux({ TMUX: 'x', TMUX_PANE: '%1', TERM: 'x' })).toEqual({ TERM: 'x' });
  });
});

describe('the claim on a room', () => {
  const claim = (id: LeaseId, name?: string) => claimRoom(home, '/bin/tmux', id, name);

  test('is the first that is free, or the one that is named', () => {
    expect([claim(a).session, claim(b).session, claim(b).session]).toEqual(['pair', 'pair-2', 'pair-3']);
    expect(claim(b, 'mine')).toMatchObject({
      session: 'mine',
      target: '=mine',
      socket: join(home, 'mine', 'tmux'),
    });
    expect(failureOf(() => claim(a, 'mine'))).toMatchObject({
      kind: 'usage',
      problem: expect.stringContaining(b),
    });
  });

  test('is taken off by whose it is, and by nobody else', () => {
    const room = claim(a);
    unclaimRoom({ ...room, claim: { folder: join(home, 'pair'), lease: b } }, 'ended');
    expect(readdirSync(join(home, 'pair'))).toEqual(['lease']);
    unclaimRoom(room, 'stays');
    expect(readdirSync(join(home, 'pair'))).toEqual([]);
    const again = claim(b);
    writeFileSync(again.socket, '');
    unclaimRoom(again, 'ended');
    expect(readdirSync(home)).toEqual([]);
  });
});

test('a gate enters the room by words that sh takes as they are meant', () => {
  const room: Room = { tmux: '/opt/my tmux', socket: "/tmp/it's", session: 'x', target: '$3' };
  const enter = enterCommands(room, '/run/lease');
  const show = `dir=/d epoch=5 label=ada key=2\nshow() { printf '%s\\n' "$@"; }\n`;
  for (const [program = '', ...args] of shells) {
    const words = (text: string) =>
      spawnSync(program, [...args, '-c', show + text.replace(/^exec /, 'show ')], { encoding: 'utf8' })
        .stdout.split('\n')
        .slice(0, -1);
    expect(words(enter.write), program).toEqual([
      '/opt/my tmux',
      '-u',
      '-N',
      '-S',
      "/tmp/it's",
      'attach-session',
      '-E',
      '-f',
      'ignore-size',
      '-t',
      '$3',
    ]);
    expect(words(enter.look)).toContain('-r');
    expect(words(enter.airlock)).toEqual(
      expect.arrayContaining(['/bin/sh', '/run/lease/gate', 'ada', '2', 'look', 'attach-session', '-r']),
    );
  }
});

test('an airlock unbinds every table first, and goes with its guest last', () => {
  const words = airlockCommands({ gate: '/g' }).sh;
  const order = [
    'unbind-key -a -T root',
    'unbind-key -a -T prefix',
    'unbind-key -a -T copy-mode',
    'unbind-key -a -T copy-mode-vi',
    'unbind-key -a -T move',
    'bind-key -T root q detach-client',
    'prefix None',
    'mouse off',
    'new-session',
    'attach-session -r -E',
    'destroy-unattached on',
  ];
  const places = order.map((command) => words.indexOf(command));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((one, two) => one - two));
});

const tmux = (() => {
  try {
    return findTmux(process.env);
  } catch {
    return undefined;
  }
})();

describe.runIf(tmux !== undefined)('a room of a real tmux', () => {
  let room: Room;
  const options = (more: Partial<Parameters<typeof openRoom>[1]> = {}): Parameters<typeof openRoom>[1] => ({
    env: { PATH: process.env.PATH, HOME: home, SHELL: '/bin/sh', TERM: 'xterm-256color' },
    cwd: home,
    size: { columns: 100, rows: 30 },
    command: [],
    clock: '/dev/null',
    deadline: Math.floor(Date.now() / 1000) + 7290,
    ...more,
  });
  const ask = async (format: string) =>
    (await run(room, [['list-panes', '-s', '-t', room.target, '-F', format]])).stdout.split('\n');

  beforeEach(() => {
    room = claimRoom(join(home, 'rooms'), tmux ?? '', a);
  });
  afterEach(async () => {
    await run(room, [['kill-server']]);
  });

  test.each(['#(touch pwned)', 'a#[b]', '100%d', '#{pid}', "it's ; here;"])(
    'begins in the folder %j, and runs nothing that its name says',
    async (name) => {
      const cwd = join(home, name);
      mkdirSync(cwd);
      expect(await openRoom(room, options({ cwd }))).toBe('new');
      expect((await run(room, [['list-sessions', '-F', '#{session_path}']])).stdout).toBe(cwd);
      await until(async () => (await ask('#{pane_current_path}')).includes(cwd), { what: 'the shell' });
      expect(readdirSync(cwd)).toEqual([]);
    },
  );

  test('runs a command as it stands, also one that looks like an option, or ends in ;', async () => {
    const file = join(home, 'out');
    const program = join(home, '-p');
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s|' "$@" >'${file}.new'; mv '${file}.new' '${file}'; exec sleep 60\n`,
      { mode: 0o755 },
    );
    const env = { ...options().env, PATH: `${home}:${process.env.PATH}` };
    const words = ['#(touch pwned)', '$(touch pwned)', 'x;', ';', '', '-d', "'"];
    expect(await openRoom(room, options({ env, command: ['-p', ...words] }))).toBe('new');
    await until(() => existsSync(file), { what: 'the program' });
    expect(spawnSync('cat', [file]).stdout.toString()).toBe(words.map((word) => `${word}|`).join(''));
  });

  test('is taken up with what runs in it; a command gets a window of its own, in the folder where it was asked for', async () => {
    expect(await openRoom(room, options())).toBe('new');
    const [first] = await ask('#{pane_pid}');
    const cwd = join(home, 'other');
    mkdirSync(cwd);
    expect(await openRoom(room, options({ cwd }))).toBe('taken up');
    expect(await ask('#{pane_pid}')).toEqual([first]);
    expect(await openRoom(room, options({ cwd, command: ['sleep', '60'] }))).toBe('taken up');
    // The kernel tells a process that is just being started without its folder.
    await vi.waitFor(async () =>
      expect(await ask('#{pane_pid} #{pane_current_path} #{pane_current_command}')).toEqual([
        expect.stringContaining(first ?? ''),
        expect.stringMatching(`${cwd} sleep`),
      ]),
    );
  });

  test('shows the time that is left beside the status line that the user has', async () => {
    await openRoom(room, options());
    const shown = async (format: string) =>
      (await run(room, [['display-message', '-p', '-t', `${room.target}:`, format]])).stdout;
    expect(await shown('#{T:status-right}')).toMatch(/^\[pairing 2h1m\] /);
    for (const [seconds, text] of [
      [7300, '2h1m'],
      [7150, '119m'],
      [95, '1m'],
      [80, /^(80|79)s$/],
      [-5, '0s'],
    ] as const) {
      const until = String(Math.floor(Date.now() / 1000) + seconds);
      await run(room, [['set-option', '-g', '@x', until]]);
      expect(await shown(timeLeft('@x')), `${seconds}`).toMatch(text);
    }
    await leaveRoom(room);
    expect(await shown('#{T:status-right}')).not.toContain('pairing');
    expect(await hasSession(room)).toBe(true);
    await closeRoom(room);
    expect(await hasSession(room)).toBe(false);
  });

  test('starts no server for who comes late', async () => {
    expect(await run(room, [['new-session', '-d']])).toMatchObject({ ok: false });
    expect(existsSync(room.socket)).toBe(false);
  });
});
