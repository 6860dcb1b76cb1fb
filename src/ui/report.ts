/** Every word of a pairing, from its events. */
import { showDuration } from '../domain/duration.ts';
import { printable } from '../domain/text.ts';
import type { Event, Invitation, Report, Visit } from '../session/events.ts';
import { clock, refusalWords } from './words.ts';

/** Where a line goes: data and the story to stdout, warnings to stderr, the rest into tmux alone. */
export type Line = { readonly to: 'out' | 'err'; readonly text: string };

/** What is printed on an event, outside tmux. */
export function linesFor(event: Event): Line[] {
  switch (event.kind) {
    case 'invited':
      return invitation(event.invitation);
    case 'ended':
      return report(event.report).map((text) => ({ to: 'out', text }));
    case 'swept':
    case 'keys-left-out':
    case 'keys-shared':
    case 'switch-restarted':
      return [{ to: 'err', text: `tmuxpair: ${wordsFor(event)}` }];
    case 'fetching':
    case 'fetched':
    case 'joined':
    case 'left':
    case 'time-left':
    case 'host-attached':
    case 'access-ended':
      return [];
    default:
      return event satisfies never;
  }
}

/** An event in one line, for a status line or a warning. */
export function wordsFor(event: Event): string {
  switch (event.kind) {
    case 'swept':
      return `took back what ${event.ids.length === 1 ? 'a pairing' : `${event.ids.length} pairings`} left behind (${event.ids.join(', ')})`;
    case 'fetching':
      return `fetching the keys of ${event.references.map(({ text }) => printable(text)).join(', ')}`;
    case 'fetched':
      return 'keys fetched';
    case 'keys-left-out':
      return `${printable(event.reference.text)}: left out: ${event.refused.map(refusalWords).join('; ')}`;
    case 'keys-shared':
      return `${printable(event.reference.text)}: ${event.key.fingerprint} is also ${event.with}'s, and comes in as ${event.with}`;
    case 'invited':
    case 'host-attached':
      return `your guest types: ${event.kind === 'invited' ? event.invitation.command : event.command}`;
    case 'joined':
      return `${who(event.visit)} has joined from ${event.visit.address}`;
    case 'left':
      return `${who(event.visit)} has left`;
    case 'time-left':
      return `${showDuration(event.seconds)} left, then the guests are out`;
    case 'access-ended':
      return `${event.why === 'time-up' ? 'time is up' : 'the pairing was taken back'}: the guests are out, ${
        event.failed ? 'but authorized_keys could not be restored; detach to see why' : 'the session is yours'
      }`;
    case 'switch-restarted':
      return "the dead man's switch had died, and was armed anew";
    case 'ended':
      return report(event.report).join('; ');
    default:
      return event satisfies never;
  }
}

function invitation({ guests, command, hostKeys, answers, port, until, ttl, forward }: Invitation): Line[] {
  const lines = guests.flatMap(({ reference, label, access, keys }) => [
    `${label} (${printable(reference.text)}) may join, ${access === 'read-only' ? 'view only' : 'and type'}`,
    ...keys.map(({ type, fingerprint }) => `    ${fingerprint} ${type}`),
  ]);
  lines.push(`until ${clock(until)} (${showDuration(ttl)}); ask them to run`, '', `    ${command}`, '');
  if (hostKeys.length > 0) {
    lines.push("and to compare this machine's host key, which ssh shows at first:");
    lines.push(...hostKeys.map(({ fingerprint, type }) => `    ${fingerprint} ${type}`));
  }
  const writers = guests.filter(({ access }) => access === 'read-write').map(({ label }) => label);
  if (writers.length > 0) {
    lines.push(`${writers.join(', ')} will type as you: whatever you can do in this account, they can`);
  }
  if (forward !== 'any' && forward.length > 0) {
    lines.push(
      `they may reach port ${forward.join(', ')} of this machine (sshd may let them make unix sockets here, too)`,
    );
  }
  const warnings: string[] = [];
  if (forward === 'any') {
    warnings.push(
      'tmuxpair: warning: --allow-port-forwarding lets guests reach every port and socket that you can, past the gate; --forward PORT opens one',
    );
  }
  if (!answers) {
    warnings.push(
      `tmuxpair: warning: no sshd answers on port ${port} of this machine: your guest can't get in before one does (see --port)`,
    );
  }
  return [
    ...lines.map((text): Line => ({ to: 'out', text })),
    ...warnings.map((text): Line => ({ to: 'err', text })),
  ];
}

function report({ reason, visits, room }: Report): string[] {
  const stays = visits.map(
    (visit) => `${who(visit)} was in for ${showDuration(secondsOf(visit))}, from ${visit.address}`,
  );
  const because = {
    'host-detached': 'you detached',
    'session-ended': 'the session has ended',
    'time-up': 'time was up',
    'taken-back': 'it was taken back from outside',
    stopped: reason.kind === 'stopped' ? `stopped by ${reason.signal}` : '',
  }[reason.kind];
  return [
    ...(stays.length > 0 ? stays : ['nobody joined']),
    `${because}: access is revoked, authorized_keys is as it was`,
    ...(room.stays ? [`your session ${room.session} goes on: ${room.command}`] : []),
  ];
}

function who({ label, access }: Visit): string {
  return access === 'read-only' ? `${label} (view only)` : label;
}

function secondsOf({ joinedAt, leftAt }: Visit): number {
  return Math.max(1, ((leftAt ?? new Date()).getTime() - joinedAt.getTime()) / 1000);
}
