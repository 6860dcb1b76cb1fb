import { secondsLeft } from '../domain/deadline.ts';
import { isLeaseId } from '../domain/lease-id.ts';
import { isTrouble, type Trouble } from '../domain/trouble.ts';
import { uptime } from '../lease/process.ts';
import type { Live } from './live.ts';

/** A pairing, as `list --json` and `info --json` give it. Times are ISO 8601 in UTC. */
export interface Entry {
  readonly id: string;
  readonly session: string;
  readonly status: 'live' | 'ending';
  readonly startedAt: string;
  readonly deadline: string;
  readonly remainingSeconds: number;
  readonly door: 'system' | 'private';
  /** The likeliest of `routes`. */
  readonly sshCommand: string;
  /** Every line by which guests can come, and who can use it: `named` by the host, `internet`, `tailnet`, `network`, `jump`. */
  readonly routes: readonly { readonly reach: string; readonly sshCommand: string }[];
  readonly supervisorPid: number;
  /** The room's tmux socket. */
  readonly socket: string;
  /** Whether the session is one of the host's own server: who types there can reach all of its sessions. */
  readonly shared: boolean;
  /** What was taken away meanwhile, or does not do what it should. */
  readonly trouble: readonly Trouble[];
  readonly guests: readonly {
    readonly label: string;
    readonly reference: string;
    /** The host that their keys came from, where the environment has chosen another than the forge's own. */
    readonly from?: string;
    readonly access: string;
    /** Whether they have logged in at any time, as far as that can be seen, even if they did not come in. */
    readonly loggedIn: boolean;
    readonly keys: readonly { readonly type: string; readonly fingerprint: string }[];
    readonly connections: readonly {
      readonly pid: number;
      readonly address: string;
      /** Not the guest's own where the host let them in to look only. */
      readonly access: string;
      readonly fingerprint: string;
      readonly joinedAt: string;
    }[];
  }[];
}

export function entryOf(live: Live): Entry {
  const left = secondsLeft(live.deadline, { epoch: Date.now() / 1000, sinceBoot: uptime() });
  return {
    id: live.lease.id,
    session: live.room?.session ?? '',
    status: live.ended ? 'ending' : 'live',
    startedAt: live.startedAt.toISOString(),
    deadline: new Date(live.deadline.epoch * 1000).toISOString(),
    remainingSeconds: Math.max(0, Math.floor(left)),
    door: live.door?.kind ?? 'system',
    sshCommand: live.door?.command() ?? '',
    routes: (live.door?.routes() ?? []).map(({ reach, command }) => ({ reach, sshCommand: command })),
    supervisorPid: process.pid,
    socket: live.room?.socket ?? '',
    shared: live.room !== undefined && !live.room.claim,
    trouble: live.trouble,
    guests: live.guests.map(({ label, reference, access, keys }) => ({
      label,
      reference: reference.text,
      ...(reference.from === undefined ? {} : { from: reference.from }),
      access,
      loggedIn: live.loggedIn.has(label),
      keys: keys.map(({ type, fingerprint }) => ({ type, fingerprint })),
      connections: [...live.here.values()]
        .filter((visit) => visit.label === label)
        .map(({ pid, address, access, fingerprint, joinedAt }) => ({
          pid,
          address,
          access,
          fingerprint,
          joinedAt: joinedAt.toISOString(),
        })),
    })),
  };
}

/** An entry that another process has sent; `undefined` for what is none. Texts in it are as they came. */
export function entryFrom(value: unknown): Entry | undefined {
  const texts = ['id', 'session', 'startedAt', 'deadline', 'sshCommand', 'socket'];
  const isEntry =
    has(value, texts, 'string') &&
    has(value, ['remainingSeconds', 'supervisorPid'], 'number') &&
    isLeaseId(String(value.id)) &&
    isListOf(value.routes, (route) => has(route, ['reach', 'sshCommand'], 'string')) &&
    isListOf(
      value.guests,
      (guest) =>
        has(guest, ['label', 'reference', 'access'], 'string') &&
        isListOf(guest.keys, (key) => has(key, ['type', 'fingerprint'], 'string')) &&
        isListOf(guest.connections, (one) => has(one, ['address', 'fingerprint', 'joinedAt'], 'string')),
    );
  if (!isEntry) return undefined;
  const { trouble } = value;
  return { ...(value as unknown as Entry), trouble: Array.isArray(trouble) ? trouble.filter(isTrouble) : [] };
}

function has(
  value: unknown,
  names: readonly string[],
  type: 'string' | 'number',
): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return names.every((name) => typeof fields[name] === type);
}

function isListOf(value: unknown, check: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(check);
}
