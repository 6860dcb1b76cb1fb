/**
 * Why this machine's sshd may be no good for guests of the account's `authorized_keys`: it keeps them out, or
 * it may let their keys in past our gate.
 */
export type Obstacle = (KeepsOut | WayIn | Caution) & {
  /** The `Match` line under which it holds; absent if it holds for everybody. */
  readonly when?: string;
};

/** A guest would not get in. */
export type KeepsOut =
  | { readonly kind: 'keys-off' }
  /** It reads other files for this account. */
  | { readonly kind: 'other-key-file'; readonly files: readonly string[] }
  | {
      readonly kind: 'user-refused';
      readonly by: 'AllowUsers' | 'DenyUsers' | 'AllowGroups' | 'DenyGroups';
    }
  | { readonly kind: 'root-refused' }
  /** It runs this instead of a line's own command. */
  | { readonly kind: 'forced-command'; readonly command: string }
  /** It confines everybody to a folder that does not have our gate. */
  | { readonly kind: 'chroot'; readonly folder: string }
  /** It requires more than a key. */
  | { readonly kind: 'other-methods'; readonly methods: string }
  | { readonly kind: 'no-terminals' }
  /** `RefuseConnection yes`, or no session for anybody: `MaxSessions 0`. */
  | { readonly kind: 'all-refused'; readonly setting: string }
  /** None of a guest's keys is of a type, or of a length, that it accepts. */
  | ({ readonly kind: 'keys-refused' } & RefusedKeys)
  /** StrictModes refuses it: others may write `path`, or it is somebody else's. */
  | { readonly kind: 'modes'; readonly path: string; readonly mode: number; readonly uid: number }
  | { readonly kind: 'owner'; readonly path: string; readonly uid: number };

/**
 * Something other than our line might accept a guest's key, or their environment might reach the shell before the gate.
 */
export type WayIn =
  /** It also asks this program (`AuthorizedKeysCommand`) for keys. */
  | { readonly kind: 'keys-command'; readonly command: string }
  /** It trusts certificates of an authority: through `TrustedUserCAKeys`, or through line `line` of a key file. */
  | { readonly kind: 'user-ca'; readonly path: string; readonly line?: number }
  /** It may read keys in this file, or below this folder, but we can't. */
  | { readonly kind: 'unread-key-file'; readonly path: string }
  /** Part of its configuration can't be read. */
  | { readonly kind: 'unread-settings'; readonly path: string }
  /** It can't be known whom this part of its configuration is for. */
  | { readonly kind: 'unresolved-match'; readonly match: string }
  /** `AcceptEnv`: a guest can set these variables, including patterns, for the login shell. */
  | { readonly kind: 'guest-environment'; readonly names: readonly string[] }
  /** For some guests, by this block, the login shell has other variables that it obeys than a trial has shown. */
  | { readonly kind: 'other-environment'; readonly match: string }
  /** `PermitUserEnvironment`: this file sets variables for the login shell. */
  | { readonly kind: 'user-environment'; readonly path: string };

/** No reason to use another sshd, but worth mentioning. */
export type Caution =
  /** Some of a guest's keys are not accepted, and others are. */
  | ({ readonly kind: 'some-keys-refused' } & RefusedKeys)
  /** Guests can come only from hosts that match one of these patterns. */
  | { readonly kind: 'hosts-limited'; readonly hosts: readonly string[] }
  /**
   * A start-up file of the login shell has a command that may take a guest's terminal under conditions that were not
   * met.
   */
  | {
      readonly kind: 'may-divert';
      readonly path: string;
      readonly line: number;
      readonly command: string;
    }
  /**
   * A start-up file ends the logins of some guests, depending on what their ssh sends, such as the name of their
   * terminal.
   */
  | {
      readonly kind: 'may-end';
      readonly path: string;
      readonly line: number;
      readonly command: string;
    }
  /**
   * A start-up file may run what a guest's ssh sets in this variable, such as `$TERM`, under conditions that were not
   * met.
   */
  | {
      readonly kind: 'may-obey';
      readonly path: string;
      readonly line: number;
      readonly variable: string;
    }
  /** This file, from its first such line, or this module of PAM, may refuse a login for where it comes from. */
  | {
      readonly kind: 'source-rules';
      readonly path: string;
      readonly line?: number;
      readonly module?: string;
    }
  /** It refuses the keys in this file, which can't be read: a guest's may be among them. */
  | { readonly kind: 'revoked-unread'; readonly path: string }
  /** It ends a login after this many keys (`MaxAuthTries`), and an agent may offer more. */
  | { readonly kind: 'few-tries'; readonly tries: number }
  /** Guests can't reach these ports, or any port if the list is empty. */
  | { readonly kind: 'ports-refused'; readonly ports: readonly string[]; readonly setting: string };

interface RefusedKeys {
  /** The guest; absent for a guest in general. */
  readonly guest?: string;
  /** Types that are not accepted. */
  readonly types: readonly string[];
  /** The shortest RSA key that is accepted, in bits, if one is shorter. */
  readonly rsaBits?: number;
  /** The setting that decides it, e.g. `PubkeyAcceptedAlgorithms`. */
  readonly setting: string;
}

/** What an obstacle does: it keeps guests out, it may let them in past the gate, or neither. */
export function effectOf({ kind }: Obstacle): 'keeps-out' | 'way-in' | 'caution' {
  switch (kind) {
    case 'keys-command':
    case 'user-ca':
    case 'unread-key-file':
    case 'unread-settings':
    case 'unresolved-match':
    case 'guest-environment':
    case 'other-environment':
    case 'user-environment':
      return 'way-in';
    case 'some-keys-refused':
    case 'hosts-limited':
    case 'few-tries':
    case 'ports-refused':
    case 'may-divert':
    case 'may-end':
    case 'may-obey':
    case 'revoked-unread':
    case 'source-rules':
      return 'caution';
    case 'keys-off':
    case 'other-key-file':
    case 'user-refused':
    case 'root-refused':
    case 'forced-command':
    case 'chroot':
    case 'other-methods':
    case 'no-terminals':
    case 'all-refused':
    case 'keys-refused':
    case 'modes':
    case 'owner':
      return 'keeps-out';
    default:
      return kind satisfies never;
  }
}

/** Each once, in its first form: what holds for everybody holds under any `Match` line. */
export function distinct(obstacles: readonly Obstacle[]): Obstacle[] {
  const found = new Map<string, Obstacle>();
  for (const obstacle of obstacles) {
    const key = JSON.stringify({ ...obstacle, when: undefined });
    if (!found.has(key)) found.set(key, obstacle);
  }
  return [...found.values()];
}

/** Those that make another sshd the better one, if there is a choice. */
export function decisive(obstacles: readonly Obstacle[]): Obstacle[] {
  return obstacles.filter((obstacle) => effectOf(obstacle) !== 'caution');
}

/** Those ways in by which a guest's key, or a certificate for it, may still be accepted after the end. */
export function lastingWays(obstacles: readonly Obstacle[]): Obstacle[] {
  return obstacles.filter(
    (obstacle) => effectOf(obstacle) === 'way-in' && !obstacle.kind.endsWith('-environment'),
  );
}

/** Whether it is in a start-up file of the login shell, or of sshd. */
export function isOfStartUp(obstacle: Obstacle): obstacle is Extract<Obstacle, { kind: StartUpKind }> {
  return startUpKinds.some((kind) => kind === obstacle.kind);
}

const startUpKinds = ['may-divert', 'may-end', 'may-obey'] as const;
type StartUpKind = (typeof startUpKinds)[number];

type Field = 'string' | 'number' | 'list';

/** The fields of each kind besides its name, as JSON has them. */
const fields: Readonly<Record<Obstacle['kind'], Readonly<Record<string, Field>>>> = {
  'keys-off': {},
  'other-key-file': { files: 'list' },
  'user-refused': { by: 'string' },
  'root-refused': {},
  'forced-command': { command: 'string' },
  chroot: { folder: 'string' },
  'other-methods': { methods: 'string' },
  'no-terminals': {},
  'all-refused': { setting: 'string' },
  'keys-refused': { types: 'list', setting: 'string' },
  modes: { path: 'string', mode: 'number', uid: 'number' },
  owner: { path: 'string', uid: 'number' },
  'keys-command': { command: 'string' },
  'user-ca': { path: 'string' },
  'unread-key-file': { path: 'string' },
  'unread-settings': { path: 'string' },
  'unresolved-match': { match: 'string' },
  'guest-environment': { names: 'list' },
  'other-environment': { match: 'string' },
  'user-environment': { path: 'string' },
  'some-keys-refused': { types: 'list', setting: 'string' },
  'hosts-limited': { hosts: 'list' },
  'few-tries': { tries: 'number' },
  'ports-refused': { ports: 'list', setting: 'string' },
  'may-divert': { path: 'string', line: 'number', command: 'string' },
  'may-end': { path: 'string', line: 'number', command: 'string' },
  'may-obey': { path: 'string', line: 'number', variable: 'string' },
  'source-rules': { path: 'string' },
  'revoked-unread': { path: 'string' },
};

/** Optional fields. */
const more: Readonly<Record<string, Field>> = {
  when: 'string',
  guest: 'string',
  rsaBits: 'number',
  line: 'number',
  module: 'string',
};

/** Whether a value from another process is an obstacle of a known kind. */
export function isObstacle(value: unknown): value is Obstacle {
  if (typeof value !== 'object' || value === null) return false;
  const has = value as Readonly<Record<string, unknown>>;
  const wanted = Object.entries(fields).find(([kind]) => kind === has.kind)?.[1];
  const is = (field: unknown, type: Field): boolean =>
    type === 'list'
      ? Array.isArray(field) && field.every((one) => typeof one === 'string')
      : typeof field === type;
  return (
    wanted !== undefined &&
    Object.entries(wanted).every(([name, type]) => is(has[name], type)) &&
    Object.entries(more).every(([name, type]) => has[name] === undefined || is(has[name], type))
  );
}
