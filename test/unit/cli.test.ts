import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/cli.ts';
import { programFor } from '../../src/cli/program.ts';
import { version } from '../../src/domain/version.ts';

let home: string;
let out: string;
let err: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tmuxpair-cli-')));
  for (const name of Object.keys(process.env)) if (name.startsWith('TMUX')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', home);
  vi.stubEnv('XDG_RUNTIME_DIR', home);
  vi.stubEnv('XDG_STATE_HOME', undefined);
  [out, err] = ['', ''];
  // Every run listens for errors of these, and a process has but one.
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const run = (...argv: string[]) => main(argv, ['tmuxpair']);
/** What stops the command line where everything before it was read: no guest and no file is called so. */
const stopper = '--session=a:b';
const stopped = /^tmuxpair: error: --session "a:b" can't be the name of a session\ntmuxpair: hint: .*\n$/;

describe('read are', () => {
  test.each<[string, string[]]>([
    ['a guest alone', ['@ada']],
    [
      'everything that a pairing takes',
      [
        '@ada',
        '--gitlab',
        'bob',
        '--ttl',
        '30m',
        '--port',
        '2222',
        '--host',
        'here',
        '--forward',
        '80',
        '--forward=81',
        '--tmux',
        '/x/tmux',
        '--gate-existing-keys',
        '-q',
        '--debug',
        '-y',
        '--approve',
        '--bell',
        '--menu-key',
        'off',
        '--copy',
        '--join-timeout',
        '5m',
        '--refresh',
        '--accept-new-keys',
      ],
    ],
    [
      'the ancestor’s options',
      ['-r', '--tmux', 'tmux', '--authorized_keys', '/x', '--debug', '--github', 'ada'],
    ],
    ['the ancestor’s ports', ['--allow-port-forwarding', '--authorized_keys=/x', '--github=ada']],
    ['read-only in both spellings', ['@ada', '--read-only', '--readonly']],
    ['short options together', ['-rq', '-t30m', '@ada']],
    ['options behind guests', ['@ada', '-r', '@bob']],
    ['a command behind --, whatever it looks like', ['@ada', '--', '--ttl', 'x', '--', '-h']],
  ])('%s', async (_, argv) => {
    const cut = argv.indexOf('--') === -1 ? argv.length : argv.indexOf('--');
    expect(await run(...argv.slice(0, cut), stopper, ...argv.slice(cut))).toBe(2);
    expect(err).toMatch(stopped);
    expect(out).toBe('');
  });
});

describe('refused, by one line and a hint, with exit 2', () => {
  test.each<[string[], string]>([
    [[], 'who is your guest?'],
    [['--read-only'], 'who is your guest?'],
    [['@ada', '--foo'], "unknown option '--foo'"],
    [['@ada', '--tttl', '3m'], "unknown option '--tttl'"],
    [['@ada', '--ttl'], "option '-t, --ttl <duration>' argument missing"],
    [['@ada', '--ttl', '0'], '--ttl "0" is not a duration'],
    [['@ada', '--ttl='], '--ttl "" is not a duration'],
    [['@ada', '--ttl', '1y'], '--ttl "1y" is not a duration'],
    [['@ada', '--ttl', '8d'], '--ttl "8d" is too long'],
    [['@ada', '--join-timeout', '5'], '--join-timeout "5" is not a duration'],
    [['@ada', '--session', '#(touch x)'], "can't be the name of a session"],
    [['@ada', '--port', '0'], '--port "0" is not a port'],
    [['@ada', '--forward', 'x'], '--forward "x" is not a port'],
    [['@ada', '--host', '-x'], '--host "-x" is not a host name'],
    [['@ada', '--menu-key', ';'], '--menu-key ";" is no key'],
    [['@ada', '--door', 'x'], '--door "x" is no door'],
    [['@ada', '--authorized-keys', ''], '--authorized-keys needs the path of a file'],
    [['@ada', '-r', '--forward', '80'], 'guests who may only look get no ports'],
    [['@ada', '-r', '--allow-port-forwarding'], 'guests who may only look get no ports'],
    [['@ada', '--offline', '--refresh'], '--offline and --refresh exclude each other'],
    [['@ada', '--share', 'x', '--session', 'y'], '--share and --session exclude each other'],
    [['@ada', '--share', '--', 'vim'], 'a shared session runs what it runs'],
    [['@'], 'name'],
    [['-oProxyCommand=x'], "unknown option '-oProxyCommand=x'"],
    [['nobody'], 'is no guest and no file'],
    [['sweep', 'x'], 'too many arguments'],
    [['kick'], "missing required argument 'guest'"],
    [['access', 'ada', 'admin'], '"admin" is no access'],
    [['extend', '1e9'], 'extend "1e9" is not a duration'],
    [['log', '--since', 'whenever'], 'whenever'],
    [['completion', 'tcsh'], 'no completion for "tcsh"'],
    [['keys'], 'who is your guest?'],
  ])('%j', async (argv, problem) => {
    expect(await run(...argv)).toBe(2);
    expect(err).toContain(problem);
    expect(err).toMatch(/^tmuxpair: error: [^\n]+\n(tmuxpair: hint: [^\n]+\n)?$/);
    expect(out).toBe('');
  });

  test.each([
    ['@ada', '--share', '--session', 'y'],
    ['--share', '@ada', '--session', 'y'],
    ['--share', './ada.pub', '--session', 'y'],
    ['--share', 'mine', '@ada', '--session', 'y'],
    ['--share=mine', '@ada', '--session', 'y'],
    ['--session', 'y', '@ada', '--share'],
  ])('%s %s %s %s shares a session, and has a guest', async (...argv) => {
    expect(await run(...argv)).toBe(2);
    expect(err).toContain('--share and --session exclude each other');
  });

  test('what is close to an option is suggested', async () => {
    await run('@ada', '--forwad', '80');
    expect(err).toContain('tmuxpair: hint: Did you mean --forward?');
  });

  test('nothing is printed raw of what was typed', async () => {
    await run('@ada', '--\x1b[2J');
    await run('\x1b[2J\n');
    await run('@ada', '--ttl', '\x9b31m\u202e');
    expect(err).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  });
});

describe('the environment', () => {
  test.each<[string, string, string[], string]>([
    ['TMUXPAIR_TTL', '1y', ['@ada'], '--ttl "1y"'],
    ['TMUXPAIR_PORT', 'x', ['@ada'], '--port "x"'],
    ['TMUXPAIR_GITHUB', '../x', [], '".." is no GitHub username'],
    ['TMUXPAIR_READ_ONLY', '1', ['@ada', '--forward', '80'], 'get no ports'],
    ['TMUXPAIR_READ_ONLY', 'YES', ['@ada', '--forward', '80'], 'get no ports'],
    ['TMUXPAIR_READONLY', 'yes', ['@ada', '--forward', '80'], 'get no ports'],
    ['TMUXPAIR_OFFLINE', 'true', ['@ada', '-r', '--forward', '80'], 'get no ports'],
    ['TMUXPAIR_SHARE', 'x', ['@ada', '--', 'vim'], 'runs what it runs'],
    ['TMUXPAIR_SHARE', '1', ['@ada', '--', 'vim'], 'runs what it runs'],
    ['TMUXPAIR_FORWARD', '80', ['@ada', '-r'], 'get no ports'],
    ['TMUXPAIR_READ_ONLY', ' yes', ['@ada'], 'TMUXPAIR_READ_ONLY is " yes"'],
    ['TMUXPAIR_READONLY', 'y', ['@ada'], 'TMUXPAIR_READONLY is "y"'],
    ['TMUXPAIR_JOIN_TIMEOUT', '5', ['@ada'], '--join-timeout "5"'],
    ['TMUXPAIR_GATE_EXISTING_KEYS', 'perhaps', ['@ada'], 'TMUXPAIR_GATE_EXISTING_KEYS is "perhaps"'],
    ['TMUXPAIR_AUTHORIZED_KEYS', '/x', ['@ada', '--door', 'private'], 'writes to no --authorized-keys file'],
  ])('gives an option by %s=%s', async (name, value, argv, problem) => {
    vi.stubEnv(name, value);
    expect(await run(...argv)).toBe(2);
    expect(err).toContain(problem);
  });

  test.each<[string, string, string[]]>([
    ['TMUXPAIR_TTL', '', ['@ada']],
    ['TMUXPAIR_READ_ONLY', '0', ['@ada', '--forward', '80']],
    ['TMUXPAIR_READ_ONLY', 'no', ['@ada', '--forward', '80']],
    ['TMUXPAIR_TTL', '1y', ['@ada', '--ttl', '30m']],
    ['TMUXPAIR_READONLY', '0', ['@ada', '--forward', '80']],
    ['TMUXPAIR_READ_ONLY', '1', ['@ada', '--no-read-only', '--forward', '80']],
    ['TMUXPAIR_READONLY', '1', ['@ada', '--no-readonly', '--forward', '80']],
    ['TMUXPAIR_READ_ONLY', '1', ['@ada', '-r', '--no-read-only', '--forward', '80']],
    ['TMUXPAIR_FORWARD', '80', ['@ada', '-r', '--no-forward']],
    ['TMUXPAIR_FORWARD', 'x', ['@ada', '--forward', '80']],
    ['TMUXPAIR_VIA', 'a b', ['@ada', '--no-via']],
    ['TMUXPAIR_OFFLINE', 'true', ['@ada', '--refresh']],
    ['TMUXPAIR_SHARE', 'x', ['@ada']],
    ['TMUXPAIR_VERSION', '1', ['@ada']],
    ['TMUXPAIR_ID', 'x', ['@ada']],
    ['TMUXPAIR_SINCE', 'x', ['@ada']],
    ['TMUXPAIR_NOTHING', '', ['@ada']],
    ['TMUXPAIR', '1', ['@ada']],
    ['tmuxpair_root', '/x', ['@ada']],
  ])('does not, or gives way: %s=%s', async (name, value, argv) => {
    vi.stubEnv(name, value);
    expect(await run(...argv, stopper)).toBe(2);
    expect(err).toMatch(stopped);
  });

  test.each<[string, string, string]>([
    ['TMUXPAIR_READ_ONYL', 'yes', 'did you mean TMUXPAIR_READ_ONLY?'],
    ['TMUXPAIR_RAEDONLY', 'yes', 'did you mean TMUXPAIR_READ_ONLY?'],
    ['TMUXPAIR_AUTHORISED_KEYS', '/x', 'did you mean TMUXPAIR_AUTHORIZED_KEYS?'],
    ['TMUXPAIR_APROVE', '1', 'did you mean TMUXPAIR_APPROVE?'],
    ['TMUXPAIR_LEASE', '/x', 'unset it'],
    ['TMUXPAIR_WHATEVER', '0', 'unset it'],
    ['TMUXPAIR_', '1', 'unset it'],
    ['tmuxpair_read_only', '1', 'did you mean TMUXPAIR_READ_ONLY?'],
    ['Tmuxpair_Readonly', '1', 'did you mean TMUXPAIR_READ_ONLY?'],
  ])('is refused where it means nothing, by every command: %s=%s', async (name, value, hint) => {
    vi.stubEnv(name, value);
    for (const argv of [['@ada'], ['invite', '@ada'], ['list'], ['kick', 'ada'], ['keys', '@ada'], ['log']]) {
      err = '';
      expect(await run(...argv)).toBe(2);
      expect(err).toMatch(/^tmuxpair: error: [^\n]+\ntmuxpair: hint: [^\n]+\n$/);
      expect(err).toContain(`error: ${name} is no option of tmuxpair\n`);
      expect(err).toContain(hint);
    }
    expect(await run('-h')).toBe(0);
  });

  test('has each spelling of an option by its name, and none that contradict each other', async () => {
    vi.stubEnv('TMUXPAIR_READ_ONLY', 'no');
    vi.stubEnv('TMUXPAIR_READONLY', 'yes');
    expect(await run('@ada')).toBe(2);
    expect(err).toContain('TMUXPAIR_READ_ONLY and TMUXPAIR_READONLY contradict each other');
  });

  test('says no more than the command line where one excludes the other', async () => {
    vi.stubEnv('TMUXPAIR_OFFLINE', '1');
    vi.stubEnv('TMUXPAIR_REFRESH', '1');
    expect(await run('@ada')).toBe(2);
    expect(err).toContain('--offline and --refresh exclude each other');
  });

  test('counts for whom a live pairing is to let in', async () => {
    vi.stubEnv('TMUXPAIR_READONLY', 'perhaps');
    expect(await run('invite', '@ada')).toBe(2);
    expect(err).toContain('TMUXPAIR_READONLY is "perhaps"');
  });

  test('is nothing to what the program runs for itself', async () => {
    vi.stubEnv('TMUXPAIR_WHATEVER', '1');
    expect(await run('complete', 'pairings')).toBe(0);
    expect(await run('sweep', '--lease', '/nowhere/aaaabbbbcccc')).toBe(0);
    expect(err).toBe('');
  });

  test('gives way to the ancestor’s spelling, too', async () => {
    vi.stubEnv('TMUXPAIR_AUTHORIZED_KEYS', '/x');
    await run('@ada', '--authorized_keys', '');
    expect(err).toContain('--authorized-keys needs the path of a file');
  });

  test('names no guest to a command about guests', async () => {
    vi.stubEnv('TMUXPAIR_GITHUB', 'ada');
    expect(await run('forget')).toBe(2);
    expect(err).toContain('who is your guest?');
  });
});

describe('told is', () => {
  test('the version', async () => {
    expect(await run('--version')).toBe(0);
    expect([out, err]).toEqual([`tmuxpair ${version}\n`, '']);
  });

  test.each([
    ['-h'],
    ['--help'],
    ['keys', '-h'],
    ['sweep', '--help'],
    ['invite', '-h'],
    ['doctor', '-h'],
    ['log', '-h'],
  ])('the help: %s %s', async (...argv) => {
    expect(await run(...argv)).toBe(0);
    expect(out).toMatch(/^Usage: tmuxpair /);
    expect(out).not.toMatch(/--authorized_keys|--lease|--readonly\b(?! --ttl)|undefined/);
    expect(err).toBe('');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test.each(['bash', 'zsh', 'fish'])('the completion of %s', async (shell) => {
    expect(await run('completion', shell)).toBe(0);
    for (const word of ['sweep', 'extend', 'ttl', 'read-only']) expect(out).toContain(word);
  });
});

test.each(['list', 'save-config'])('%s may name a command', async (word) => {
  const context = { run: async () => {}, self: ['tmuxpair'] };
  const described = await programFor([word], [], context, context);
  expect(described.commands.map((command) => command.name())).toContain('list');
});
