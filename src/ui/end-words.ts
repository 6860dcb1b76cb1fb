/** How a pairing ended, as the host reads it. */
import { showDuration } from '../domain/duration.ts';
import type { EndReason } from '../domain/end-reason.ts';
import type { Report, Visit } from '../domain/events.ts';
import { printable } from '../domain/text.ts';
import { remainsWords } from './door-words.ts';
import type { Line } from './line.ts';
import { blockEffect, blockWords } from './shell-words.ts';

export function report({ reason, door, visits, neverIn, astray, room, remains }: Report): Line[] {
  const stays = visits.map(
    (visit) => `${who(visit)} was in for ${showDuration(secondsOf(visit))}, from ${printable(visit.address)}`,
  );
  const told = [
    ...stays,
    ...astray.map(
      ({ label, seconds }) =>
        `${printable(label)} had a program of yours, such as a shell, in their terminal for ${showDuration(seconds)}: they may have typed there`,
    ),
    ...neverIn
      .filter((label) => !astray.some((one) => one.label === label))
      .map((label) => `${printable(label)} logged in but did not reach the session`),
    // Somebody may have logged in through the system's sshd who can't be told from the host's own logins.
    ...(stays.length + neverIn.length + astray.length > 0 ? [] : [nobodyWords(reason, door)]),
    remains.added.length === 0
      ? `${because(reason)}: access is revoked, authorized_keys is as it was`
      : `${because(reason)}: what this pairing granted is revoked`,
    ...(room.stays ? [`your session ${room.session} goes on: ${room.command}`] : []),
  ];
  // Lines that have been added are reported as the failure that they are.
  const warnings = remainsWords('your guests', { ...remains, added: [] });
  return [
    ...told.map((text): Line => ({ to: 'out', text })),
    ...warnings.map((text): Line => ({ to: 'err', text: `tmuxpair: warning: ${text}` })),
  ];
}

/** If a shell has become another program, nobody can tell whose login it was. */
function nobodyWords(reason: EndReason, door: Report['door']): string {
  if (door !== 'system') return 'nobody joined';
  return reason.kind === 'gate-not-reached' && /^(terminal|late|obeys)$/.test(reason.block.outcome)
    ? 'nobody reached the session, but a guest who logged in may have had a shell of yours'
    : 'nobody reached the session';
}

export function because(reason: EndReason): string {
  switch (reason.kind) {
    case 'host-detached':
      return 'you detached';
    case 'host-suspended':
      return 'you suspended tmux';
    case 'session-ended':
      return 'the session has ended';
    case 'time-up':
      return 'time is up';
    case 'taken-back':
      return 'the pairing was taken back';
    case 'stopped':
      return `stopped by ${reason.signal}`;
    case 'asked':
      return 'stopped';
    case 'nobody-joined':
      return 'nobody reached the session in time';
    case 'gate-not-reached':
      return reason.block.outcome === 'obeys'
        ? `guests ${blockEffect(reason.block)}: ${blockWords(reason.block)}`
        : `guests would not reach the session any more: ${blockWords(reason.block)}`;
    default:
      return reason satisfies never;
  }
}

/** The same for a pairing that is long over, and for one that never went live. */
export const endsInLog: Readonly<Record<EndReason['kind'] | 'failed', string>> = {
  'host-detached': 'you detached',
  'host-suspended': 'you suspended tmux',
  'session-ended': 'the session has ended',
  'time-up': 'time was up',
  'taken-back': 'it was taken back',
  stopped: 'stopped',
  asked: 'stopped',
  'nobody-joined': 'nobody reached the session',
  'gate-not-reached': 'start-up files of the login shell had changed',
  failed: 'it failed',
};

export function who({ label, access }: Visit): string {
  return access === 'read-only' ? `${printable(label)} (view only)` : printable(label);
}

export function particulars({ address, access, fingerprint }: Visit): string {
  return `${printable(address)}, ${access === 'read-only' ? 'view only' : 'may type'}, ${fingerprint}`;
}

function secondsOf({ joinedAt, leftAt }: Visit): number {
  return Math.max(1, ((leftAt ?? new Date()).getTime() - joinedAt.getTime()) / 1000);
}
