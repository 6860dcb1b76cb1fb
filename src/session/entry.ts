import { secondsLeft } from '../domain/deadline.ts';
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
  readonly sshCommand: string;
  readonly supervisorPid: number;
  /** The room's tmux socket. */
  readonly socket: string;
  readonly guests: readonly {
    readonly label: string;
    readonly reference: string;
    readonly access: string;
    readonly keys: readonly { readonly type: string; readonly fingerprint: string }[];
    readonly connections: readonly {
      readonly pid: number;
      readonly address: string;
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
    remainingSeconds: Math.max(0, Math.round(left)),
    door: live.door?.kind ?? 'system',
    sshCommand: live.door?.command() ?? '',
    supervisorPid: process.pid,
    socket: live.room?.socket ?? '',
    guests: live.guests.map(({ label, reference, access, keys }) => ({
      label,
      reference: reference.text,
      access,
      keys: keys.map(({ type, fingerprint }) => ({ type, fingerprint })),
      connections: [...live.here.values()]
        .filter((visit) => visit.label === label)
        .map(({ pid, address, fingerprint, joinedAt }) => ({
          pid,
          address,
          fingerprint,
          joinedAt: joinedAt.toISOString(),
        })),
    })),
  };
}
