import { isObstacle, type Obstacle } from './obstacle.ts';
import type { TunnelTrouble } from './tunnel-trouble.ts';

/**
 * What a pairing has put in place and is no longer as it should be, though the pairing lives. As data:
 * `ui/trouble-words.ts` alone makes words of it.
 */
export type Trouble =
  /** Nothing lets these guests in any more. */
  | { readonly kind: 'lines-missing'; readonly path: string; readonly guests: readonly string[] }
  /** Their line is there, but not as it was written: it may lead past the gate. */
  | {
      readonly kind: 'line-changed';
      readonly path: string;
      /** 1-based. */
      readonly line: number;
      readonly guests: readonly string[];
    }
  /** This line has a guest's key, too, and does not lead to the gate. */
  | {
      readonly kind: 'key-elsewhere';
      readonly path: string;
      readonly line: number;
      readonly guests: readonly string[];
    }
  /** sshd would not read keys there, or others can write it. */
  | {
      readonly kind: 'key-file';
      readonly path: string;
      readonly problem: string;
      readonly hint?: string;
    }
  /** A file or folder of the pairing's own was taken away, changed, or opened to others. */
  | {
      readonly kind: 'lease-part';
      readonly path: string;
      readonly problem: 'gone' | 'changed' | 'open-to-others';
    }
  /** Another pairing could claim the same session. */
  | { readonly kind: 'room-unclaimed'; readonly path: string }
  /** The dead man's switch, which revokes if the supervisor dies, does not stay alive. */
  | { readonly kind: 'no-switch' }
  /** The clock, which ends access at the deadline if the supervisor is stopped, does not run. */
  | { readonly kind: 'no-clock' }
  | { readonly kind: 'tunnel-down'; readonly trouble: TunnelTrouble }
  /** This machine has lost an address that guests were told. */
  | { readonly kind: 'address-gone'; readonly address: string }
  /** Nothing listens any more where guests connect. */
  | { readonly kind: 'sshd-gone'; readonly port: number }
  /** Another server answers there; `greeting` is what it says, if that is an SSH greeting. */
  | { readonly kind: 'sshd-replaced'; readonly port: number; readonly greeting: string }
  /** It now shows these host keys, and not all of those that guests were told. */
  | { readonly kind: 'host-key-changed'; readonly port: number; readonly fingerprints: readonly string[] }
  /** A private sshd now refuses this account. */
  | { readonly kind: 'account-refused'; readonly user: string; readonly why: 'locked' | 'expired' }
  /** This file exists now, with which a private sshd lets nobody in. */
  | { readonly kind: 'no-logins'; readonly path: string }
  /** The sshd that guests come through may now keep them out, or let them in past the gate. */
  | { readonly kind: 'sshd-obstacle'; readonly port: number; readonly obstacle: Obstacle }
  /** A trial login beside the pairing did not get in. */
  | { readonly kind: 'login-failed'; readonly port: number; readonly type: string; readonly said: string }
  /** No trial login could be made; `problem` is the kind of failure. */
  | { readonly kind: 'login-untried'; readonly port: number; readonly problem: string };

const texts = (...names: readonly string[]) => names.map((name) => [name, 'string'] as const);

/** The fields of each kind besides its name. */
const fields: {
  readonly [K in Trouble['kind']]: readonly (readonly [
    string,
    'string' | 'number' | 'list' | 'tunnel' | 'obstacle',
  ])[];
} = {
  'lines-missing': [...texts('path'), ['guests', 'list']],
  'line-changed': [...texts('path'), ['line', 'number'], ['guests', 'list']],
  'key-elsewhere': [...texts('path'), ['line', 'number'], ['guests', 'list']],
  'key-file': texts('path', 'problem'),
  'lease-part': texts('path', 'problem'),
  'room-unclaimed': texts('path'),
  'no-switch': [],
  'no-clock': [],
  'tunnel-down': [['trouble', 'tunnel']],
  'address-gone': texts('address'),
  'sshd-gone': [['port', 'number']],
  'sshd-replaced': [['port', 'number'], ...texts('greeting')],
  'host-key-changed': [
    ['port', 'number'],
    ['fingerprints', 'list'],
  ],
  'account-refused': texts('user', 'why'),
  'no-logins': texts('path'),
  'sshd-obstacle': [
    ['port', 'number'],
    ['obstacle', 'obstacle'],
  ],
  'login-failed': [['port', 'number'], ...texts('type', 'said')],
  'login-untried': [['port', 'number'], ...texts('problem')],
};

/** Whether a value from another process is trouble of a known kind. */
export function isTrouble(value: unknown): value is Trouble {
  if (typeof value !== 'object' || value === null) return false;
  const has = value as Readonly<Record<string, unknown>>;
  const wanted = Object.entries(fields).find(([kind]) => kind === has.kind)?.[1];
  return (
    wanted?.every(([name, type]) => {
      const field = has[name];
      if (type === 'list') return Array.isArray(field) && field.every((one) => typeof one === 'string');
      if (type === 'tunnel') return isTunnelTrouble(field);
      if (type === 'obstacle') return isObstacle(field);
      return typeof field === type;
    }) === true
  );
}

function isTunnelTrouble(value: unknown): boolean {
  const { kind, said, port } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === 'ssh') return typeof said === 'string';
  return (
    typeof port === 'number' && (kind === 'astray' || (kind === 'unanswered' && typeof said === 'string'))
  );
}
