import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Environment, execute, type Finished } from '../support/execute.ts';
import { type LeaseFolder, leaseId, makeLeaseFolder, scriptsOn, shells } from '../support/lease-folder.ts';
import { platforms } from '../support/platform.ts';
import { until } from '../support/wait.ts';

let lease: LeaseFolder;
let sshd: string;

beforeEach(() => {
  lease = makeLeaseFolder();
  // The name of a script's process is that of its file.
  sshd = fake('sshd');
});
afterEach(() => lease.remove());

function fake(name: string): string {
  const path = join(lease.home, name);
  writeFileSync(path, '#!/bin/sh\n"$@"\nexit $?\n');
  chmodSync(path, 0o755);
  return path;
}

const now = () => Math.floor(Date.now() / 1000);

/** A pairing that would let `ada` in. */
async function arrange(platform = platforms[0] ?? 'linux', supervisor: object = {}): Promise<string> {
  const { gateScript, thisProcess, uptime } = await scriptsOn(platform);
  lease.write('deadline', `${now() + 600} ${Math.floor(uptime()) + 600}\n`);
  lease.write('host', '');
  lease.write('open/ada', 'read-write\n');
  return lease.write(
    'gate',
    gateScript({
      id: leaseId,
      folder: lease.dir,
      uid: process.geteuid?.() ?? 0,
      home: "/home/it's ada",
      supervisor: { ...thisProcess(), ...supervisor },
      caps: { guest: 3, pairing: 5 },
      enter: {
        write: 'echo "in to write"; exec env',
        airlock: 'echo "in through the airlock"; exec env',
        look: 'echo "in to look"; exec env',
      },
    }),
    0o700,
  );
}

interface Knock {
  readonly args?: readonly string[];
  readonly env?: Environment;
  readonly parent?: string;
  readonly shell?: readonly string[];
  /** Whether there is a terminal. */
  readonly tty?: boolean;
}

/** Runs the gate as sshd would. */
function knock(
  gate: string,
  { args = ['ada'], env = {}, parent = sshd, shell = [], tty = false }: Knock = {},
): Promise<Finished> {
  const command = [parent, ...shell, gate, ...args];
  const identity = {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', SSH_CONNECTION: '192.0.2.7 4 192.0.2.1 22', ...env },
  };
  if (!tty) return execute(identity, command[0] ?? '', command.slice(1));
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return execute(identity, 'script', ['-qec', quoted, '/dev/null']);
}

const told = (text: string) => ({ exitCode: 1, stdout: '', stderr: `tmuxpair: ${text}\n` });
const onlyTerminal = told('there is only a terminal to share here: use ssh without a command, or ssh -t');
const over = told('this pairing is over');

describe('the gate refuses', () => {
  test.each<[string, () => unknown, object, string?]>([
    ['who has no flag', () => rmSync(join(lease.dir, 'open', 'ada')), over, 'over'],
    ['who has an empty one', () => lease.write('open/ada', ''), over, 'over'],
    [
      'while the host is not there',
      () => rmSync(join(lease.dir, 'host')),
      told('your host is not there yet: try again in a moment'),
      'early',
    ],
    ['without a deadline', () => rmSync(join(lease.dir, 'deadline')), told('time is up'), 'expired'],
    [
      'with half a deadline',
      () => lease.write('deadline', `${now() + 600}\n`),
      told('time is up'),
      'expired',
    ],
    [
      'with a deadline that is none',
      () => lease.write('deadline', 'soon later\n'),
      told('time is up'),
      'expired',
    ],
    [
      'past the deadline by the wall clock',
      () => lease.write('deadline', `${now()} 99999999999\n`),
      told('time is up'),
      'expired',
    ],
    [
      'where others may enter the folder',
      () => chmodSync(lease.dir, 0o755),
      told('this pairing is not safe to enter'),
      'unsafe',
    ],
    [
      'where others may write the folder',
      () => chmodSync(lease.dir, 0o720),
      told('this pairing is not safe to enter'),
      'unsafe',
    ],
    ['who has no terminal', () => {}, onlyTerminal, 'terminal'],
  ])('%s', async (_, change, expected, why) => {
    const gate = await arrange();
    change();
    const { stderr, ...rest } = await knock(gate);
    expect({ ...rest, stderr: stderr.replace(/^.*\[: .*\n/gm, '') }).toMatchObject(expected);
    const [record = ''] = lease.names('in');
    expect(record).toMatch(/^ssh,ada,1,\d+,\d+,\d+,\d+,192\.0\.2\.7$/);
    expect(lease.names('refused')).toEqual([`${record},${why}`]);
  });

  test.runIf(platforms.includes('linux'))(
    'past the deadline by the time since boot, the wall clock set back',
    async () => {
      const gate = await arrange('linux');
      lease.write('deadline', `${now() + 3600} 1\n`);
      expect(await knock(gate)).toMatchObject(told('time is up'));
    },
  );

  test.runIf(platforms.includes('darwin'))(
    'the same by the time of the boot, as macOS tells it',
    async () => {
      const boot = (ago: number): void => {
        const said = `{ sec = ${now() - ago}, usec = 51 } Sat Nov 28 10:00:00 2026`;
        writeFileSync(
          join(lease.home, 'sysctl'),
          `#!/bin/sh\n[ "$*" = "-n kern.boottime" ] && echo '${said}'\n`,
          {
            mode: 0o755,
          },
        );
      };
      const env = { PATH: `${lease.home}:${process.env.PATH}` };
      const gate = await arrange('darwin');
      lease.write('deadline', `${now() + 3600} 600\n`);
      boot(601);
      expect(await knock(gate, { env })).toMatchObject(told('time is up'));
      boot(500);
      expect(await knock(gate, { env })).toMatchObject(onlyTerminal);
    },
  );

  test.each<[string, object]>([
    ['whose number is somebody else’s by now', { start: '1' }],
    ['that is gone', { pid: 2 ** 22 + 1 }],
    ...(platforms.includes('linux')
      ? ([['of another boot', { boot: 'another' }]] as [string, object][])
      : []),
  ])('for a supervisor %s', async (_, supervisor) => {
    expect(await knock(await arrange(platforms[0], supervisor))).toMatchObject(over);
  });

  test.each([
    [['']],
    [[]],
    [['../ada']],
    [['a,b']],
    [['a b']],
    [['*']],
    [['ada', '1;id']],
    [['ada', '1', 'sideways']],
  ])('to be called as gate %j', async (args) => {
    expect(await knock(await arrange(), { args })).toMatchObject(told('this is for ssh to run'));
    expect(lease.names('in')).toEqual([]);
  });

  test('to be run by anybody but sshd, and to look for anybody but tmux', async () => {
    const gate = await arrange();
    const wrong = told('this is for ssh to run');
    expect(await knock(gate, { parent: fake('ssh') })).toMatchObject(wrong);
    expect(await knock(gate, { args: ['ada', '1', 'look'] })).toMatchObject(wrong);
    expect(await knock(gate, { parent: fake('tmux: server') })).toMatchObject(wrong);
  });

  test('when its folder has gone, with a word', async () => {
    const gate = await arrange();
    rmSync(join(lease.dir, 'in'), { recursive: true });
    expect(await knock(gate)).toMatchObject(over);
  });

  test('more of one guest, and of all, than the caps', async () => {
    const { thisProcess } = await scriptsOn(platforms[0] ?? 'linux');
    const gate = await arrange();
    const { pid, start } = thisProcess();
    const present = (label: string, n: number, began = start) =>
      lease.write(`in/ssh,${label},1,${pid},${start},${pid},${began},192.0.2.${n}`, '');
    for (let n = 0; n < 20; n++) present('ada', n, '1'); // They have ended.
    present('ada', 30);
    present('ada-2', 31);
    expect(await knock(gate)).toMatchObject(onlyTerminal);
    present('ada', 32);
    present('ada', 33);
    expect(await knock(gate)).toMatchObject(told('you are in 3 times already'));
    lease.write('open/bob', 'read-only\n');
    expect(await knock(gate, { args: ['bob'] })).toMatchObject(onlyTerminal);
    present('cyd', 34);
    expect(await knock(gate, { args: ['bob'] })).toMatchObject(told('this pairing is full'));
  });
});

describe('the gate registers', () => {
  const record = async (knocking: Knock) => {
    await knock(await arrange(), knocking);
    return lease.names('in')[0]?.split(',');
  };

  test.each([
    ['192.0.2.7 4 192.0.2.1 22', '192.0.2.7'],
    ['2001:db8::1 4 ::1 22', '2001:db8::1'],
    ['fe80::1%eth0 4 ::1 22', 'fe80::1%eth0'],
    ['', 'unknown'],
    ['$(touch x) 4', 'unknown'],
    ['../../x 4', 'unknown'],
    ['1.2.3.4,x 4', 'unknown'],
  ])('where one comes from: %j as %s', async (SSH_CONNECTION, address) => {
    expect((await record({ env: { SSH_CONNECTION } }))?.at(-1)).toBe(address);
  });

  test('which of their keys it is, by the path it is called by', async () => {
    const gate = await arrange();
    symlinkSync('.', join(lease.dir, '2'));
    await knock(gate.replace(/gate$/, '2/gate'));
    expect(lease.names('in')[0]?.split(',').slice(0, 3)).toEqual(['ssh', 'ada', '2']);
  });
});

describe('the gate lets in', () => {
  const enter = async (knocking: Knock = {}) => {
    const { stdout, exitCode } = await knock(await arrange(), { tty: true, ...knocking });
    expect(exitCode, stdout).toBe(0);
    const [word = '', ...env] = stdout.replaceAll('\r', '').split('\n');
    return { word, env: new Map(env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string])) };
  };

  test('with the access that the flag says by then', async () => {
    expect((await enter()).word).toBe('in to write');
    const gate = await arrange();
    lease.write('open/ada', 'read-only\n');
    expect((await knock(gate, { tty: true })).stdout).toMatch(/^in through the airlock/);
    lease.write('open/ada', 'anything\n');
    expect(await knock(gate, { tty: true })).toMatchObject({
      exitCode: 1,
      stdout: 'tmuxpair: this pairing is over\r\n',
    });
  });

  test('to look, from inside an airlock', async () => {
    const gate = await arrange();
    const parent = join(lease.home, 'tmux: server');
    fake('tmux: server');
    const { stdout } = await knock(gate, { parent, args: ['ada', '1', 'look'], tty: true });
    expect(stdout).toMatch(/^in to look/);
    expect(lease.names('in')[0]).toMatch(/^air,ada,1,/);
  });

  test('nothing of theirs but a terminal type that is known', async () => {
    const env = {
      SSH_ORIGINAL_COMMAND: '$(touch x)',
      SSH_AUTH_SOCK: '/tmp/agent',
      DISPLAY: ':10',
      XAUTHORITY: '/tmp/x',
      TMUX: '/tmp/tmux,1,1',
      TMUX_PANE: '%1',
      LANGUAGE: 'x',
      BASH_ENV: '/nowhere',
      TERMCAP: 'x',
    };
    const { env: inside } = await enter({ env });
    expect(Object.keys(env).filter((name) => inside.has(name))).toEqual([]);
    expect(inside.get('TERM')).toBe('xterm-256color');
  });

  test('with the home of the account where a private sshd has set another, and with any other as it is', async () => {
    const empty = `${lease.dir}/home`;
    const set = { HOME: empty, SHLVL: '1', ZDOTDIR: empty, XDG_CONFIG_HOME: empty };
    const { env } = await enter({ env: set });
    expect(env.get('HOME')).toBe("/home/it's ada");
    expect([...env].filter(([, value]) => value?.includes(empty))).toEqual([]);
    const other = { ...set, HOME: '/home/ada' };
    expect((await enter({ env: other })).env.get('ZDOTDIR')).toBe(empty);
  });

  test.each([
    ['xterm-256color', 'xterm-256color'],
    ['xterm-nobody-has-heard-of', 'xterm-256color'],
    ['../../../etc/passwd', 'xterm-256color'],
    ['-x', 'xterm-256color'],
    ['$(touch x)', 'xterm-256color'],
    ['vt100', 'vt100'],
  ])('with TERM %s as %s', async (TERM, expected) => {
    expect((await enter({ env: { TERM } })).env.get('TERM')).toBe(expected);
  });

  test('with a TERM of 4 kB as a known one', async () => {
    expect((await enter({ env: { TERM: 'x'.repeat(4096) } })).env.get('TERM')).toBe('xterm-256color');
  });
});

describe('a join that needs a yes', () => {
  /** Answers as soon as it is asked. */
  async function answered(word: string, meanwhile = () => {}): Promise<Finished> {
    const gate = await arrange();
    lease.write('approve', '');
    const waiting = knock(gate, { tty: true });
    const record = await until(() => lease.names('ask')[0], { what: 'the question', interval: 5 });
    meanwhile();
    if (word) lease.write(`ask/${record}`, `${word}\n`);
    const finished = await waiting;
    expect(lease.names('in')).toEqual([record]);
    return finished;
  }

  test.each([
    ['admit', 'in to write'],
    ['view', 'in through the airlock'],
    ['refuse', 'tmuxpair: your host has refused'],
    ['again', 'tmuxpair: you are asking already: wait for the answer there'],
    ['anything', 'tmuxpair: your host has refused'],
  ])('is answered with %s', async (word, expected) => {
    const { stdout } = await answered(word);
    expect(stdout.replaceAll('\r', '').split('\n').slice(0, 2)).toEqual([
      'tmuxpair: waiting for your host to let you in',
      expected,
    ]);
    expect(lease.names('ask')).toEqual([]);
  });

  test('lets nobody type who has been made to look meanwhile', async () => {
    const { stdout } = await answered('admit', () => lease.write('open/ada', 'read-only\n'));
    expect(stdout).toContain('in through the airlock');
  });

  test('is over when the guest is kicked meanwhile', async () => {
    const { stdout } = await answered('', () => rmSync(join(lease.dir, 'open', 'ada')));
    expect(stdout).toContain('tmuxpair: this pairing is over');
  });
});

describe.each(platforms)('as on %s', (platform) => {
  test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
    '%s runs the gate to the same end',
    async (_, shell) => {
      const gate = await arrange(platform);
      expect(await knock(gate, { shell })).toMatchObject(onlyTerminal);
      expect((await knock(gate, { shell, tty: true })).stdout).toMatch(/^in to write/);
      rmSync(join(lease.dir, 'open', 'ada'));
      expect(await knock(gate, { shell })).toMatchObject(over);
      rmSync(join(lease.dir, 'in'), { recursive: true });
      expect(await knock(gate, { shell })).toMatchObject(over);
    },
  );
});
