import { isLeaseId } from '../domain/lease-id.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import { isTrouble } from '../domain/trouble.ts';
import { timeLeft } from './deadline.ts';
import type { Live } from './live.ts';

export function pairingInfoOf(live: Live): PairingInfo {
  const left = timeLeft(live);
  return {
    id: live.lease.id,
    session: live.room.session,
    status: live.life.isOver ? 'ending' : 'live',
    startedAt: live.startedAt.toISOString(),
    deadline: new Date(live.deadline.epoch * 1000).toISOString(),
    remainingSeconds: Math.max(0, Math.floor(left)),
    door: live.door.kind,
    sshCommand: live.door.command(),
    routes: live.door.routes().map(({ reach, command }) => ({ reach, sshCommand: command })),
    supervisorPid: process.pid,
    socket: live.room.socket,
    shared: !live.room.claim,
    trouble: live.lookout.trouble,
    guests: live.roster.guests.map(({ label, reference, access, keys }) => ({
      label,
      reference: reference.text,
      ...(reference.from === undefined ? {} : { from: reference.from }),
      access,
      loggedIn: live.roster.hasLoggedIn(label),
      keys: keys.map(({ type, fingerprint }) => ({ type, fingerprint })),
      connections: [...live.roster.connected.values()]
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

/** An entry from another process; `undefined` if it is not one. Texts in it are as they came. */
export function parsePairingInfo(value: unknown): PairingInfo | undefined {
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
  return {
    ...(value as unknown as PairingInfo),
    trouble: Array.isArray(trouble) ? trouble.filter(isTrouble) : [],
  };
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
