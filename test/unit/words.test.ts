import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Failure, RefusedKey } from '../../src/domain/failure.ts';
import type { Fingerprint } from '../../src/domain/public-key.ts';
import type { ShellBlock } from '../../src/domain/shell-block.ts';
import type { TunnelTrouble } from '../../src/domain/tunnel-trouble.ts';
import { clock } from '../../src/ui/clock.ts';
import { refusalWords } from '../../src/ui/key-words.ts';
import { describeFailure } from '../../src/ui/words.ts';

type Every<T extends string, U extends { readonly [K in T]: string }, Key extends T> = {
  readonly [V in U[Key]]: readonly Extract<U, { readonly [K in Key]: V }>[];
};

const ada = { reference: 'github:ada', host: 'github.com' };
const fingerprint = 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU' as Fingerprint;
const at = new Date('2026-01-02T18:15:00Z');

type Refusal = RefusedKey['refusal'];
const refusals: Every<'reason', Refusal, 'reason'> = {
  'private-key': [{ reason: 'private-key' }],
  'control-character': [{ reason: 'control-character' }],
  'too-long': [{ reason: 'too-long' }],
  'options-in-front': [{ reason: 'options-in-front' }],
  'other-format': [{ reason: 'other-format' }],
  certificate: [{ reason: 'certificate' }],
  dsa: [{ reason: 'dsa' }],
  'unknown-type': [{ reason: 'unknown-type' }],
  malformed: [{ reason: 'malformed', type: 'ssh-ed25519' }],
  'type-mismatch': [{ reason: 'type-mismatch', type: 'ssh-ed25519' }],
  'trailing-bytes': [{ reason: 'trailing-bytes', type: 'ssh-ed25519' }],
  'rsa-too-short': [{ reason: 'rsa-too-short', bits: 1024 }],
  'signing-only': [{ reason: 'signing-only' }],
  expired: [{ reason: 'expired', at }],
};
const refused = Object.values(refusals)
  .flat()
  .map((refusal, index): RefusedKey => ({ line: index + 1, refusal }));

const tunnelTroubles: readonly TunnelTrouble[] = [
  { kind: 'ssh', said: '' },
  { kind: 'ssh', said: 'Permission denied (publickey)' },
  { kind: 'unanswered', port: 45_795, said: '' },
  { kind: 'unanswered', port: 45_795, said: 'connect failed: Connection refused' },
  { kind: 'astray', port: 45_795 },
];

const blocked = (more: Pick<ShellBlock, 'outcome'> & Partial<ShellBlock>) => ({
  kind: 'gate-not-reached' as const,
  block: { shell: '/bin/zsh', files: ['/etc/zsh/zshenv'], guard: '[[ -o interactive ]] || return', ...more },
  private: true,
});

/** One of every kind, and of every turn that its words take. */
const failures: Every<'kind', Failure, 'kind'> = {
  usage: [
    { kind: 'usage', problem: "unknown option '--foo'" },
    {
      kind: 'usage',
      problem: '--ttl "0s" is over before it begins',
      hint: 'write it as 90s, 30m, 1h30m or 2d',
    },
  ],
  'guest-unknown': [{ kind: 'guest-unknown', ...ada }],
  'no-keys': [
    { kind: 'no-keys', reference: 'github:ada', refused: [] },
    { kind: 'no-keys', reference: 'github:ada', refused: refused.slice(0, 1) },
    { kind: 'no-keys', reference: 'github:acme/core', refused: refused.slice(1) },
  ],
  'keys-changed': [{ kind: 'keys-changed', reference: 'github:ada', added: [fingerprint], removed: [] }],
  'file-unreadable': ['ENOENT', 'EACCES', 'not-a-file', 'too-large', 'EIO'].map((code) => ({
    kind: 'file-unreadable',
    path: '/home/me/ada.pub',
    code,
  })),
  'forge-unreachable': [{ kind: 'forge-unreachable', ...ada, cause: 'ENOTFOUND' }],
  'forge-timeout': [{ kind: 'forge-timeout', ...ada, seconds: 10 }],
  'forge-rate-limited': [
    { kind: 'forge-rate-limited', ...ada },
    { kind: 'forge-rate-limited', ...ada, resetAt: at, tokenVariable: 'GH_TOKEN' },
  ],
  'forge-token-refused': [
    { kind: 'forge-token-refused', ...ada },
    { kind: 'forge-token-refused', ...ada, tokenVariable: 'GH_TOKEN' },
  ],
  'forge-token-needed': [
    { kind: 'forge-token-needed', ...ada },
    { kind: 'forge-token-needed', ...ada, tokenVariable: 'GH_TOKEN' },
    { kind: 'forge-token-needed', ...ada, tokenVariable: 'GH_TOKEN', scope: 'read:org' },
  ],
  'forge-status': [{ kind: 'forge-status', ...ada, status: 502 }],
  'forge-answer': [{ kind: 'forge-answer', ...ada, problem: 'HTML' }],
  'forge-redirect': [{ kind: 'forge-redirect', ...ada, to: 'https://evil.example/' }],
  'no-pin': [
    { kind: 'no-pin', reference: 'github:ada' },
    { kind: 'no-pin', reference: 'github:ada', lastSeen: at },
  ],
  'authorized-keys-refused': [
    {
      kind: 'authorized-keys-refused',
      path: '/home/me/.ssh/authorized_keys',
      problem: 'is not a regular file',
    },
    {
      kind: 'authorized-keys-refused',
      path: '/home/me/.ssh/authorized_keys',
      problem: 'can be written by everybody',
      hint: 'chmod go-w /home/me/.ssh/authorized_keys',
    },
  ],
  'authorized-keys-locked': [
    { kind: 'authorized-keys-locked', path: '/k', lock: '/k.tmuxpair.lock', owner: 'process 4711' },
  ],
  'key-already-present': [
    { kind: 'key-already-present', reference: 'github:ada', fingerprint, path: '/k', line: 7 },
    {
      kind: 'key-already-present',
      reference: 'github:ada',
      fingerprint,
      path: '/k',
      line: 7,
      isAhead: true,
    },
    {
      kind: 'key-already-present',
      reference: 'github:ada',
      fingerprint,
      path: '/k',
      line: 1,
      lease: 'aaaabbbbcccc',
    },
    {
      kind: 'key-already-present',
      reference: 'github:ada',
      fingerprint,
      path: '/k',
      line: 7,
      repairing: true,
    },
  ],
  'key-accepted': [{ kind: 'key-accepted', reference: 'github:ada' }],
  'program-missing': [{ kind: 'program-missing', program: 'tmux', hint: 'install tmux 3.2 or newer' }],
  'program-too-old': [
    { kind: 'program-too-old', program: 'tmux', found: '2.9', floor: '3.2', reason: 'older ones have no -N' },
  ],
  'program-failed': [
    { kind: 'program-failed', program: 'tmux', doing: 'starting the session', detail: '' },
    {
      kind: 'program-failed',
      program: 'tmux',
      doing: 'starting the session',
      detail: 'one line\r\n  and another\n',
    },
  ],
  'host-key-refused': [{ kind: 'host-key-refused', path: '/s/door/key', problem: 'it belongs to user 7' }],
  'port-refused': [
    ...['EADDRINUSE', 'EACCES', 'EPERM'].map((code) => ({ kind: 'port-refused', port: 2222, code }) as const),
    { kind: 'port-refused', port: 2222, address: '192.0.2.1', code: 'EADDRNOTAVAIL' },
  ],
  'gate-not-reached': [
    ...(['missing', 'not-executable', 'refuses'] as const).map((outcome) => blocked({ outcome, files: [] })),
    ...(['ended', 'terminal', 'late'] as const).map((outcome) => blocked({ outcome })),
    { ...blocked({ outcome: 'late', files: [] }), private: false },
    blocked({ outcome: 'ended', shell: '/bin/rbash' }),
    blocked({ outcome: 'ended', shell: '/usr/bin/git-shell', files: [] }),
  ],
  'trouble-left': [
    { kind: 'trouble-left', trouble: [{ kind: 'tunnel-down', trouble: { kind: 'ssh', said: '' } }] },
    { kind: 'trouble-left', trouble: [{ kind: 'no-clock' }, { kind: 'no-switch' }] },
    {
      kind: 'trouble-left',
      trouble: [
        { kind: 'key-file', path: '/home/me/.ssh/authorized_keys', problem: 'can be written by everybody' },
      ],
    },
  ],
  'no-way-in': [{ kind: 'no-way-in' }],
  'account-refused': (['locked', 'expired'] as const).map((why) => ({
    kind: 'account-refused',
    user: 'root',
    why,
  })),
  'no-logins': [{ kind: 'no-logins', path: '/etc/nologin' }],
  'no-terminals': [{ kind: 'no-terminals', mend: 'mount -o remount,gid=5 /dev/pts' }],
  'tunnel-failed': [
    ...tunnelTroubles.map((trouble) => ({ kind: 'tunnel-failed', jump: 'me@jump', trouble }) as const),
  ],
  'run-directory-refused': [
    { kind: 'run-directory-refused', path: '/run/user/1000/tmuxpair', problem: 'it is a symbolic link' },
    { kind: 'run-directory-refused', path: '/r', problem: 'the disk is full', hint: 'make room on it' },
  ],
  'log-refused': [{ kind: 'log-refused', path: '/s/log', problem: 'it is a symbolic link' }],
  'guests-left': [{ kind: 'guests-left', folder: '/r/aaaabbbbcccc' }],
  'revocation-failed': [[], [1], [1, 2]].map((lines) => ({
    kind: 'revocation-failed',
    path: '/k',
    lines,
    label: 'tmuxpair:aaaabbbbcccc:',
    problem: 'the disk is full',
    ...(lines.length > 1 ? { guestsLeft: '/r/aaaabbbbcccc' } : {}),
  })),
  'keys-left': [
    {
      kind: 'keys-left',
      lines: [{ guest: 'ada', path: '/home/me/.ssh/authorized_keys2', line: 2, fingerprint }],
    },
    {
      kind: 'keys-left',
      lines: ['ada', 'bob'].map((guest) => ({ guest, path: '/etc/ssh/keys/me', line: 2, fingerprint })),
    },
  ],
  'nothing-remembered': [{ kind: 'nothing-remembered', references: ['github:ada', 'gitlab:bob'] }],
  'no-such-pairing': [
    { kind: 'no-such-pairing', ids: [] },
    { kind: 'no-such-pairing', ids: ['aaaabbbbcccc', 'aaaaddddeeee'] },
    { kind: 'no-such-pairing', ids: ['aaaabbbbcccc'], wanted: 'x' },
  ],
  'pairing-silent': [['aaaabbbbcccc'], ['aaaabbbbcccc', 'aaaaddddeeee']].map((ids) => ({
    kind: 'pairing-silent',
    pairings: ids.map((id) => ({ id, folder: `/r/${id}` })),
  })),
  'no-such-guest': [
    { kind: 'no-such-guest', label: 'eve', guests: ['ada', 'bob'] },
    { kind: 'no-such-guest', label: 'eve', guests: [] },
  ],
};

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('the words of every failure', async () => {
  const stories = Object.values(failures)
    .flat()
    .map((failure) => {
      const { error, hint, exit } = describeFailure(failure);
      const lines = [`${failure.kind} (${exit})`, `  tmuxpair: error: ${error}`];
      return [...lines, ...(hint === undefined ? [] : [`  tmuxpair: hint: ${hint}`])].join('\n');
    });
  const keys = refused.map((key) => `  ${refusalWords({ ...key, member: 'ada', fingerprint })}`);
  const text = `${stories.join('\n')}\nkeys left out\n${keys.join('\n')}\n`;
  await expect(text).toMatchFileSnapshot('../golden/failures.txt');
});

test('each says one line in small letters, without a full stop, and with an exit code of its class', () => {
  for (const failure of Object.values(failures).flat()) {
    const { error, hint = '', exit } = describeFailure(failure);
    for (const text of [error, hint]) {
      expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]|\\x0|undefined|\[object|NaN/u);
      expect(text).not.toMatch(/\.$|^[A-Z][a-z]/);
    }
    expect(error).not.toBe('');
    expect(exit).toBeGreaterThanOrEqual(2);
    expect(exit).toBeLessThanOrEqual(8);
  }
});

/** The same failure with something vicious in place of every text that may come from outside. */
function poisoned<T>(value: T, poison: string, key = ''): T {
  if (value instanceof Date || ['kind', 'reason', 'code'].includes(key)) return value;
  if (typeof value === 'string') return `${value}${poison}` as T;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, poison)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, poisoned(one, poison, name)]),
  ) as T;
}

test.each(['\x1b[2J\x1b]0;x\x07', '\r\ntmuxpair: all is well', '\u202etxt.exe', '\u2028x', '\x9b31m'])(
  'nothing from outside reaches the terminal raw: %j',
  (poison) => {
    for (const failure of Object.values(failures).flat()) {
      const { error, hint = '' } = describeFailure(poisoned(failure, poison));
      expect(`${error}${hint}`, failure.kind).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|\p{Bidi_C}/u);
    }
  },
);

test('a time is that of the day today, and with its date on any other day', () => {
  const now = new Date('2026-01-02T12:00:00Z');
  expect(clock(at, now)).toBe('18:15');
  expect(clock(new Date('2026-01-03T00:05:00Z'), now)).toBe('2026-01-03 00:05');
  expect(clock(new Date('2025-01-02T18:15:00Z'), now)).toBe('2025-01-02 18:15');
});
