import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Doubt } from '../../src/domain/doubt.ts';
import type { EndReason } from '../../src/domain/end-reason.ts';
import type { Event, Invitation, Visit } from '../../src/domain/events.ts';
import type { Access, Guest, Label, NonEmpty } from '../../src/domain/guest.ts';
import type { LeaseId } from '../../src/domain/lease-id.ts';
import type { Obstacle } from '../../src/domain/obstacle.ts';
import type { Fingerprint } from '../../src/domain/public-key.ts';
import { refusalReasons } from '../../src/domain/refusal-reason.ts';
import { isTrouble, type Trouble } from '../../src/domain/trouble.ts';
import { describeEvent, linesFor } from '../../src/ui/report.ts';
import { keyOf } from '../support/keys.ts';

const now = new Date('2026-11-22T16:00:00Z');
const before = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const fingerprint = keyOf('ada').fingerprint as Fingerprint;
const reference = { provider: 'github', name: 'ada', text: 'github:ada' } as const;
const ids = ['aaaabbbbcccc', 'aaaaddddeeee'] as LeaseId[];

const guest = (label: string, access: Access): Guest => ({
  reference: { ...reference, name: label, text: `github:${label}` },
  label: label as Label,
  access,
  keys: [keyOf(label)],
});
const visit: Visit = {
  label: 'ada',
  access: 'read-write',
  address: '192.0.2.7',
  fingerprint,
  key: 1,
  pid: 4711,
  joinedAt: before(30),
};
const looks: Visit = { ...visit, label: 'bob', access: 'read-only', leftAt: before(29) };

const obstacles: { readonly [K in Obstacle['kind']]: Extract<Obstacle, { kind: K }> } = {
  'keys-off': { kind: 'keys-off' },
  'other-key-file': { kind: 'other-key-file', files: ['/etc/ssh/keys/me'] },
  'user-refused': { kind: 'user-refused', by: 'AllowUsers' },
  'root-refused': { kind: 'root-refused' },
  'forced-command': { kind: 'forced-command', command: 'internal-sftp' },
  chroot: { kind: 'chroot', folder: '/srv/%u' },
  'other-methods': { kind: 'other-methods', methods: 'publickey,password' },
  'no-terminals': { kind: 'no-terminals' },
  'all-refused': { kind: 'all-refused', setting: 'MaxSessions 0' },
  'keys-refused': {
    kind: 'keys-refused',
    guest: 'github:ada',
    types: ['ssh-rsa'],
    rsaBits: 4096,
    setting: 'RequiredRSASize',
  },
  'some-keys-refused': {
    kind: 'some-keys-refused',
    guest: 'github:ada',
    types: ['ssh-ed25519', 'ssh-rsa'],
    setting: 'PubkeyAcceptedAlgorithms',
    when: 'Match Address 10.0.0.0/8',
  },
  'keys-command': { kind: 'keys-command', command: '/usr/bin/sss_ssh_authorizedkeys' },
  'user-ca': { kind: 'user-ca', path: '/etc/ssh/ca.pub' },
  'unread-key-file': { kind: 'unread-key-file', path: '/etc/ssh/keys/me' },
  'unread-settings': { kind: 'unread-settings', path: '/etc/ssh/sshd_config.d' },
  'unresolved-match': { kind: 'unresolved-match', match: 'Match exec test' },
  'guest-environment': { kind: 'guest-environment', names: ['*', 'BASH_ENV'] },
  'other-environment': { kind: 'other-environment', match: 'Match Address 198.51.100.0/24' },
  'user-environment': { kind: 'user-environment', path: '/home/me/.ssh/environment' },
  'hosts-limited': { kind: 'hosts-limited', hosts: ['10.*', '*.lan'] },
  'few-tries': { kind: 'few-tries', tries: 2 },
  'ports-refused': { kind: 'ports-refused', ports: ['9100'], setting: 'AllowTcpForwarding no' },
  'may-divert': { kind: 'may-divert', path: '/etc/zsh/zshenv', line: 3, command: 'exec tmux' },
  'may-end': { kind: 'may-end', path: '/home/me/.bashrc', line: 3, command: 'exit 1' },
  'may-obey': { kind: 'may-obey', path: '/etc/csh.cshrc', line: 3, variable: '$TERM' },
  'source-rules': { kind: 'source-rules', path: '/etc/pam.d/sshd', line: 3, module: 'pam_exec' },
  'revoked-unread': { kind: 'revoked-unread', path: '/etc/ssh/revoked' },
  modes: { kind: 'modes', path: '/home/me', mode: 0o775, uid: 1000 },
  owner: { kind: 'owner', path: '/home/me', uid: 7 },
};

const takesTerminal = {
  kind: 'gate-not-reached',
  block: { shell: '/bin/bash', outcome: 'terminal', files: ['/etc/bash.bashrc'] },
} as const;
const bySystem = { door: 'system', neverIn: [], astray: [] } as const;
const byPrivate = { door: 'private', neverIn: [], astray: [] } as const;
const path = '/home/me/.ssh/authorized_keys';
const troubles: { readonly [K in Trouble['kind']]: Extract<Trouble, { kind: K }> } = {
  'lines-missing': { kind: 'lines-missing', path, guests: ['ada', 'bob'] },
  'line-changed': { kind: 'line-changed', path, line: 2, guests: ['ada'] },
  'key-elsewhere': { kind: 'key-elsewhere', path, line: 7, guests: ['ada'] },
  'key-file': { kind: 'key-file', path, problem: 'can be written by its group', hint: `chmod go-w ${path}` },
  'lease-part': { kind: 'lease-part', path: '/r/aaaabbbbcccc/gate', problem: 'changed' },
  'room-unclaimed': { kind: 'room-unclaimed', path: '/r/rooms/pair' },
  'no-switch': { kind: 'no-switch' },
  'no-clock': { kind: 'no-clock' },
  'tunnel-down': { kind: 'tunnel-down', trouble: { kind: 'ssh', said: 'Connection refused' } },
  'sshd-gone': { kind: 'sshd-gone', port: 22 },
  'address-gone': { kind: 'address-gone', address: '192.0.2.7' },
  'host-key-changed': { kind: 'host-key-changed', port: 22, fingerprints: ['SHA256:new'] },
  'sshd-replaced': { kind: 'sshd-replaced', port: 22, greeting: 'SSH-2.0-Go' },
  'account-refused': { kind: 'account-refused', user: 'root', why: 'locked' },
  'no-logins': { kind: 'no-logins', path: '/etc/nologin' },
  'sshd-obstacle': { kind: 'sshd-obstacle', port: 22, obstacle: { kind: 'keys-command', command: '/bin/x' } },
  'login-failed': { kind: 'login-failed', port: 22, type: 'ssh-ed25519', said: 'Permission denied' },
  'login-untried': { kind: 'login-untried', port: 22, problem: 'program-missing' },
};

const doubts: { readonly [K in Doubt['kind']]: Extract<Doubt, { kind: K }> } = {
  'other-server': { kind: 'other-server', greeting: 'SSH-2.0-Go' },
  'no-greeting': { kind: 'no-greeting' },
  refusing: { kind: 'refusing', said: 'Not allowed at this time' },
  'settings-unread': { kind: 'settings-unread' },
  'settings-stale': { kind: 'settings-stale', configFile: '/etc/ssh/sshd_config' },
  'settings-assumed': { kind: 'settings-assumed', configFile: '/etc/ssh/sshd_config' },
  'loopback-only': { kind: 'loopback-only', addresses: ['127.0.0.1', '::1'] },
  'reached-nowhere': { kind: 'reached-nowhere', addresses: ['192.0.2.7'] },
  'login-failed': { kind: 'login-failed', type: 'ssh-rsa', said: 'Permission denied (publickey).' },
  'key-accepted': { kind: 'key-accepted', guest: 'github:ada' },
  'login-untried': { kind: 'login-untried', failure: { kind: 'no-terminals', mend: 'mount it' } },
  'environment-unsure': {
    kind: 'environment-unsure',
    causes: ['pam_acme in /etc/pam.d/sshd', '/etc/environment'],
  },
  'environment-taken': { kind: 'environment-taken', names: ['BASH_ENV', 'ZDOTDIR'] },
  'types-untried': { kind: 'types-untried', types: ['sk-ssh-ed25519@openssh.com'] },
};

const door: Invitation['door'] = {
  kind: 'system',
  port: 22,
  answers: true,
  doubts: [],
  obstacles: [],
  hostKeys: [keyOf('host')],
};
const invitation: Invitation = {
  guests: [guest('ada', 'read-write')],
  door,
  command: 'ssh me@here',
  routes: [{ reach: 'named', command: 'ssh me@here' }],
  until: new Date(now.getTime() + 1_800_000),
  ttl: 1800,
  forward: [],
  copy: false,
  hostMode: 'terminal',
  entry: {
    id: 'aaaabbbbcccc',
    session: 'pair',
    status: 'live',
    shared: false,
    startedAt: now.toISOString(),
    deadline: now.toISOString(),
    remainingSeconds: 1800,
    door: 'system',
    sshCommand: 'ssh me@here',
    routes: [{ reach: 'named', sshCommand: 'ssh me@here' }],
    supervisorPid: 1,
    socket: '/r/rooms/pair/tmux',
    trouble: [],
    guests: [],
  },
  keyLines: [],
};
const invited = (more: Partial<Invitation>): Event => ({
  kind: 'invited',
  invitation: { ...invitation, ...more },
});

const reasons: { readonly [K in EndReason['kind']]: Extract<EndReason, { kind: K }> } = {
  'host-detached': { kind: 'host-detached' },
  'host-suspended': { kind: 'host-suspended' },
  'session-ended': { kind: 'session-ended' },
  'time-up': { kind: 'time-up' },
  'taken-back': { kind: 'taken-back' },
  stopped: { kind: 'stopped', signal: 'SIGTERM' },
  asked: { kind: 'asked' },
  'nobody-joined': { kind: 'nobody-joined' },
  'gate-not-reached': {
    kind: 'gate-not-reached',
    block: { shell: '/bin/bash', outcome: 'ended', files: ['/etc/bash.bashrc'] },
  },
};
const keyLine = { path: '/etc/ssh/keys/me', line: 3, label: 'ada' as Label, key: keyOf('ada') };
const remains = { added: [], before: [], unknown: [], forwarded: [] };
const someRemains = {
  added: [{ ...keyLine, path: '/home/me/.ssh/authorized_keys2' }],
  before: [keyLine, { ...keyLine, label: 'bob' as Label }],
  forwarded: [],
  unknown: [obstacles['keys-command'], obstacles['user-ca']],
};
const room = { stays: true, session: 'pair', command: 'tmux -S /r/rooms/pair/tmux attach' };
const pin = {
  reference: 'github:ada',
  keys: [keyOf('old')] as const,
  firstSeen: before(9e5),
  lastSeen: before(9e5),
};

/** One of every kind, and of every turn that its words take. */
const events: { readonly [K in Event['kind']]: readonly Event[] } = {
  swept: [
    { kind: 'swept', ids: ids.slice(0, 1) },
    { kind: 'swept', ids },
  ],
  silent: [
    { kind: 'silent', ids: ids.slice(0, 1) },
    { kind: 'silent', ids },
  ],
  fetching: [{ kind: 'fetching', references: [reference] }],
  fetched: [{ kind: 'fetched' }],
  'keys-left-out': [{ kind: 'keys-left-out', reference, refused: [{ line: 2, refusal: { reason: 'dsa' } }] }],
  'keys-shared': [{ kind: 'keys-shared', reference, key: keyOf('ada'), with: 'bob' }],
  keyring: [{ kind: 'keyring', warning: { kind: 'pins-lost' } }],
  'from-pin': [
    { kind: 'from-pin', reference, lastSeen: before(60 * 24 * 3) },
    {
      kind: 'from-pin',
      reference,
      lastSeen: before(5),
      cause: { kind: 'forge-timeout', reference: 'github:ada', host: 'github.com', seconds: 10 },
    },
  ],
  'keys-changed': [
    {
      kind: 'keys-changed',
      reference,
      trust: {
        verdict: 'changed',
        pin: { ...pin, lastPaired: before(60 * 24 * 12) },
        same: [],
        added: [keyOf('ada')],
        removed: [keyOf('old')],
        needsYes: true,
      },
    },
  ],
  door: [
    { kind: 'door', door: 'system', port: 22, why: { kind: 'answers' } },
    { kind: 'door', door: 'private', port: 2222, why: { kind: 'asked' } },
    { kind: 'door', door: 'private', port: 2222, why: { kind: 'silent', port: 22 } },
    { kind: 'door', door: 'system', port: 2222, why: { kind: 'silent', port: 22 } },
    { kind: 'door', door: 'system', port: 22, why: { kind: 'none', port: 22, mend: 'mount it' } },
    {
      kind: 'door',
      door: 'private',
      port: 2222,
      why: {
        kind: 'key-file',
        failure: {
          kind: 'authorized-keys-refused',
          path: '/h/.ssh/authorized_keys',
          problem: 'is a mount of its own',
        },
      },
    },
    { kind: 'door', door: 'private', port: 2222, why: { kind: 'forward' } },
    {
      kind: 'door',
      door: 'system',
      port: 22,
      why: { kind: 'forward', bar: { kind: 'no-terminals', mend: 'mount it' } },
    },
    {
      kind: 'door',
      door: 'system',
      port: 22,
      why: { kind: 'forward', bar: { kind: 'no-logins', path: '/etc/nologin' } },
    },
    {
      kind: 'door',
      door: 'system',
      port: 22,
      why: { kind: 'forward', bar: { kind: 'account-refused', user: 'root', why: 'locked' } },
    },
    {
      kind: 'door',
      door: 'private',
      port: 2222,
      why: { kind: 'obstacles', port: 22, obstacles: Object.values(obstacles) },
    },
    { kind: 'door', door: 'system', port: 22, why: { kind: 'tried', doubts: [doubts['settings-unread']] } },
    {
      kind: 'door',
      door: 'system',
      port: 2222,
      why: { kind: 'unproven', port: 22, doubts: [doubts['other-server']] },
    },
    {
      kind: 'door',
      door: 'private',
      port: 2222,
      why: { kind: 'unproven', port: 22, doubts: [doubts['settings-unread'], doubts['login-failed']] },
    },
  ],
  trying: [{ kind: 'trying', port: 22 }],
  tried: [
    { kind: 'tried', port: 22 },
    {
      kind: 'door',
      door: 'private',
      port: 23456,
      why: {
        kind: 'shell',
        port: 22,
        block: { shell: '/bin/zsh', outcome: 'terminal', files: ['/home/ada/.zshenv'] },
      },
    },
  ],
  'door-log': [{ kind: 'door-log', line: 'Accepted publickey for me' }],
  'tunnel-down': [{ kind: 'tunnel-down', trouble: { kind: 'ssh', said: 'Connection refused' } }],
  'tunnel-untried': (['refused', 'no-key'] as const).map((why) => ({
    kind: 'tunnel-untried',
    jump: { user: 'me', host: 'jump' },
    why,
  })),
  'jump-hidden': [{ kind: 'jump-hidden', jump: { host: 'jump', port: 2222 } }],
  'jump-logins': [
    { kind: 'jump-logins', logins: [{ user: 'me', host: 'jump' }] },
    {
      kind: 'jump-logins',
      logins: [
        { user: 'her', host: '2001:db8::1', port: 22 },
        { user: 'me', host: 'jump', port: 2222 },
      ],
    },
  ],
  'tunnel-up': [
    { kind: 'tunnel-up', command: 'ssh -J jump me@127.0.0.1', moved: true },
    { kind: 'tunnel-up', command: 'ssh -J jump me@127.0.0.1', moved: false },
  ],
  invited: [
    invited({}),
    invited({
      guests: [
        guest('ada', 'read-write'),
        guest('bob', 'read-only'),
        guest('cyd', 'read-write'),
      ] as NonEmpty<Guest>,
      forward: [80, 9100],
      hostMode: 'elsewhere',
    }),
    invited({ forward: [80], door: { ...door, kind: 'private', hostKeys: [] } }),
    invited({
      routes: [
        { reach: 'internet', command: 'ssh me@198.51.100.7' },
        { reach: 'tailnet', command: 'ssh me@me.tail.ts.net' },
        { reach: 'network', command: 'ssh me@192.168.1.7' },
      ],
    }),
    invited({
      guests: [{ ...guest('ada', 'read-only'), reference: { ...reference, from: '127.0.0.1:8080' } }],
      routes: [{ reach: 'network', command: 'ssh me@192.168.1.7' }],
      door: { ...door, shadowed: 'me.tail.ts.net' },
    }),
    invited({
      forward: 'any',
      door: { ...door, answers: false, obstacles: [obstacles['keys-off'], obstacles.owner] },
    }),
    invited({ door: { ...door, obstacles: Object.values(obstacles) } }),
    invited({ door: { ...door, kind: 'private' }, keyLines: someRemains.before }),
    invited({ door: { ...door, doubts: [{ ...doubts.refusing, said: '' }] } }),
    invited({ door: { ...door, doubts: Object.values(doubts) } }),
    invited({
      door: {
        ...door,
        kind: 'private',
        obstacles: [
          {
            kind: 'keys-refused',
            guest: 'github:ada',
            types: ['ssh-ed25519'],
            setting: 'PubkeyAcceptedAlgorithms',
          },
          { kind: 'keys-refused', types: ['ssh-rsa'], setting: 'PubkeyAcceptedKeyTypes' },
          { kind: 'some-keys-refused', types: ['ssh-rsa'], setting: 'PubkeyAcceptedKeyTypes' },
          { ...obstacles['user-ca'], line: 3 },
          { ...obstacles['few-tries'], tries: 1 },
        ],
      },
    }),
  ],
  joined: [{ kind: 'joined', visit }],
  left: [{ kind: 'left', visit: looks }],
  refused: refusalReasons.map((why) => ({ kind: 'refused', label: 'ada', address: '192.0.2.7', why })),
  'login-refused': (['many-keys', 'other-keys', 'locked', 'expired'] as const).map((why) => ({
    kind: 'login-refused',
    address: '192.0.2.7',
    why,
  })),
  'login-ended': (['unregistered', 'many', 'full'] as const).map((why) => ({
    kind: 'login-ended',
    label: 'ada',
    address: '192.0.2.7',
    fingerprint: keyOf('ada').fingerprint,
    why,
  })),
  asking: [{ kind: 'asking', visit }],
  'sharing-all': [{ kind: 'sharing-all' }],
  'invited-more': [{ kind: 'invited-more', guests: [guest('bob', 'read-only'), guest('cyd', 'read-write')] }],
  'invited-doubts': [
    { kind: 'invited-doubts', door: 'system', obstacles: [obstacles['keys-refused']], keyLines: [] },
    {
      kind: 'invited-doubts',
      door: 'private',
      obstacles: [obstacles['some-keys-refused']],
      keyLines: [keyLine],
    },
  ],
  kicked: [{ kind: 'kicked', label: 'ada' }],
  'still-in': [
    { kind: 'still-in', label: 'ada', remains: someRemains },
    { kind: 'still-in', label: 'ada', remains: { ...remains, before: [keyLine] } },
    { kind: 'still-in', label: 'ada', remains: { ...remains, forwarded: [3000, 5432] } },
    { kind: 'still-in', label: 'ada', remains: { ...remains, forwarded: 'any' } },
  ],
  remark: [{ kind: 'remark', text: 'warning: somebody may still be in' }],
  'access-changed': [
    { kind: 'access-changed', label: 'ada', access: 'read-only' },
    { kind: 'access-changed', label: 'ada', access: 'read-write' },
  ],
  'sweep-failed': [{ kind: 'sweep-failed', failure: { kind: 'guests-left', folder: '/r/aaaabbbbcccc' } }],
  'change-failed': [{ kind: 'change-failed', failure: { kind: 'guests-left', folder: '/r/aaaabbbbcccc' } }],
  extended: [{ kind: 'extended', deadline: new Date('2026-11-22T18:00:00Z') }],
  'time-left': [{ kind: 'time-left', seconds: 600 }],
  'host-attached': [{ kind: 'host-attached', command: 'ssh me@here' }],
  'access-ended': ([undefined, 'this-terminal', 'next-command'] as const).map((failed) => ({
    kind: 'access-ended',
    reason: reasons['time-up'],
    ...(failed && { failed, remains: failed === 'this-terminal' ? remains : someRemains }),
  })),
  'log-failed': [{ kind: 'log-failed', path: '/s/log', problem: 'the disk is full' }],
  'switch-restarted': [{ kind: 'switch-restarted' }],
  'shell-slow': [{ kind: 'shell-slow', shell: '/bin/zsh' }],
  trouble: Object.values(troubles).map((trouble) => ({ kind: 'trouble', trouble })),
  'trouble-over': Object.values(troubles).map((trouble) => ({ kind: 'trouble-over', trouble })),
  ended: [
    {
      kind: 'ended',
      report: {
        reason: reasons['host-detached'],
        ...byPrivate,
        visits: [{ ...visit, leftAt: now }, looks],
        room,
        remains,
      },
    },
    {
      kind: 'ended',
      report: { reason: reasons.asked, ...byPrivate, visits: [looks], room, remains: someRemains },
    },
    {
      kind: 'ended',
      report: { reason: reasons.asked, ...byPrivate, neverIn: ['cyd'], visits: [looks], room, remains },
    },
    {
      kind: 'ended',
      report: { reason: reasons['nobody-joined'], ...bySystem, visits: [], room, remains },
    },
    {
      kind: 'ended',
      report: { reason: takesTerminal, ...bySystem, visits: [], room, remains },
    },
    {
      kind: 'ended',
      report: {
        reason: takesTerminal,
        ...bySystem,
        neverIn: ['ada', 'cyd'],
        astray: [{ label: 'ada', seconds: 7 }],
        visits: [],
        room,
        remains,
      },
    },
    ...Object.values(reasons).map(
      (reason): Event => ({
        kind: 'ended',
        report: { reason, ...byPrivate, visits: [], room: { ...room, stays: false }, remains },
      }),
    ),
  ],
};

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
  vi.useFakeTimers({ now, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test('the words of every event: in a status line, and line by line outside of tmux', async () => {
  const stories = Object.values(events)
    .flat()
    .map((event) =>
      [
        `${event.kind}: ${describeEvent(event)}`,
        ...linesFor(event).map(({ to, text }) => `  ${to === 'err' ? '!' : '|'} ${text}`.trimEnd()),
      ].join('\n'),
    );
  await expect(`${stories.join('\n')}\n`).toMatchFileSnapshot('../golden/events.txt');
});

test('each is one line, and has no gap', () => {
  for (const event of Object.values(events).flat()) {
    const lines = [describeEvent(event), ...linesFor(event).map(({ text }) => text)];
    for (const line of lines) expect(line, event.kind).not.toMatch(/\p{Cc}|undefined|\[object|NaN|Invalid/u);
    expect(lines[0]).not.toBe('');
  }
});

test('trouble is taken from another process as far as it is whole, and of a known kind', () => {
  for (const trouble of Object.values(troubles)) {
    expect(isTrouble(trouble), trouble.kind).toBe(true);
    for (const name of Object.keys(trouble).filter((one) => one !== 'hint'))
      expect(isTrouble({ ...trouble, [name]: { other: 1 } }), `${trouble.kind} ${name}`).toBe(false);
  }
  for (const other of [null, 'x', [], {}, { kind: 'of-tomorrow' }, { kind: 'toString' }])
    expect(isTrouble(other)).toBe(false);
});

describe('what comes from outside is made safe to print', () => {
  const poison = '\x1b[2J\r\n\u202e\u2028';
  const dirty = { ...reference, text: `file:/tmp/${poison}` };
  const cases: Event[] = [
    { kind: 'fetching', references: [dirty] },
    { kind: 'keys-shared', reference: dirty, key: keyOf('ada'), with: 'bob' },
    { kind: 'from-pin', reference: dirty, lastSeen: now },
    {
      kind: 'keys-left-out',
      reference: dirty,
      refused: [{ line: 1, member: poison, refusal: { reason: 'unknown-type' } }],
    },
    { kind: 'door-log', line: poison },
    { kind: 'tunnel-down', trouble: { kind: 'ssh', said: poison } },
    { kind: 'trouble', trouble: { kind: 'tunnel-down', trouble: { kind: 'ssh', said: poison } } },
    { kind: 'trouble', trouble: { kind: 'lines-missing', path: poison, guests: [poison] } },
    { kind: 'trouble', trouble: { kind: 'key-file', path: poison, problem: poison, hint: poison } },
    { kind: 'log-failed', path: poison, problem: poison },
    { kind: 'remark', text: poison },
    {
      kind: 'still-in',
      label: poison,
      remains: { ...remains, added: [{ ...keyLine, path: poison, label: poison as Label }] },
    },
    { kind: 'joined', visit: { ...visit, address: poison } },
    { kind: 'login-ended', label: poison, address: poison, fingerprint: 'SHA256:x', why: 'many' },
    { kind: 'refused', label: poison, address: poison, why: 'over' },
    { kind: 'login-refused', address: poison, why: 'other-keys' },
    {
      kind: 'ended',
      report: {
        reason: reasons.asked,
        ...byPrivate,
        neverIn: [poison],
        astray: [{ label: poison, seconds: 7 }],
        visits: [{ ...visit, label: poison, address: poison }],
        room,
        remains,
      },
    },
    invited({
      guests: [{ ...guest('ada', 'read-only'), reference: dirty }],
      routes: [{ reach: 'named', command: `ssh me@${poison}` }],
    }),
  ];
  test.each(cases.map((event) => [event.kind, event] as const))('%s', (_, event) => {
    for (const line of [describeEvent(event), ...linesFor(event).map(({ text }) => text)])
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|\p{Bidi_C}/u);
  });
});
