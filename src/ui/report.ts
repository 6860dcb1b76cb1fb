/** Every word of a pairing, from its events. */

import { showDuration } from '../domain/duration.ts';
import type { Event } from '../domain/events.ts';
import type { Reference } from '../domain/guest.ts';
import type { RefusalReason } from '../domain/refusal-reason.ts';
import { printable } from '../domain/text.ts';
import type { Trust } from '../domain/trust.ts';
import { ago, lastPaired } from './ago.ts';
import { clock } from './clock.ts';
import { doorWords, keyLineWords, obstacleWarnings, remainsWords } from './door-words.ts';
import { because, particulars, report } from './end-words.ts';
import { invitation } from './invitation-words.ts';
import { refusalWords } from './key-words.ts';
import { keyringWords } from './keyring-words.ts';
import type { Line } from './line.ts';
import { pairingJson } from './pairings-table.ts';
import { troubleWords } from './trouble-words.ts';
import { hiddenWords, loginsWords, tunnelWords, untriedWords } from './tunnel-words.ts';
import { describeFailure } from './words.ts';

/** What an event prints, outside tmux. */
export function linesFor(event: Event): Line[] {
  switch (event.kind) {
    case 'invited':
      return invitation(event.invitation);
    case 'ended':
      return report(event.report);
    case 'swept':
    case 'sweep-failed':
    case 'silent':
    case 'keys-left-out':
    case 'keys-shared':
    case 'from-pin':
    case 'log-failed':
    case 'tunnel-untried':
    case 'jump-hidden':
    case 'jump-logins':
    case 'switch-restarted':
    case 'remark':
    case 'shell-slow':
    case 'trouble':
    case 'trouble-over':
      return [{ to: 'err', text: `tmuxpair: ${describeEvent(event)}` }];
    case 'keys-changed':
      return changedKeys(event.reference, event.trust);
    case 'keyring':
      return keyringWords(event.warning).map((text) => ({ to: 'err', text: `tmuxpair: ${text}` }));
    case 'door':
      return [{ to: 'out', text: doorWords(event) }];
    case 'door-log':
    case 'tunnel-down':
    case 'tunnel-up':
    case 'fetching':
    case 'fetched':
    case 'trying':
    case 'tried':
    case 'sharing-all':
    case 'asking':
    case 'change-failed':
    case 'refused':
    case 'login-ended':
    case 'login-refused':
    case 'invited-more':
    case 'invited-doubts':
    case 'kicked':
    case 'still-in':
    case 'access-changed':
    case 'extended':
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

/** What an event prints if the reader is a program. */
export function jsonFor(event: Event): unknown {
  switch (event.kind) {
    case 'invited':
      return pairingJson(event.invitation.entry);
    case 'ended': {
      const { reason, visits, neverIn, astray } = event.report;
      const logins = { ...(neverIn.length > 0 && { neverIn }), ...(astray.length > 0 && { astray }) };
      return { ended: { ...reason, reason: reason.kind, kind: undefined, visits, ...logins } };
    }
    default:
      return undefined;
  }
}

/** An event in one line, for a status line or a warning. */
export function describeEvent(event: Event): string {
  switch (event.kind) {
    case 'swept':
      return `took back what ${event.ids.length === 1 ? 'a pairing' : `${event.ids.length} pairings`} left behind (${event.ids.join(', ')})`;
    case 'sweep-failed':
      return `warning: of a pairing that has died: ${describeFailure(event.failure).error}; ${describeFailure(event.failure).hint ?? ''}`;
    case 'silent':
      return event.ids.length === 1
        ? `warning: ${event.ids[0]} does not answer: is its supervisor stopped? Its guests are out at its deadline at the latest`
        : `warning: ${event.ids.join(', ')} do not answer: are their supervisors stopped? Their guests are out at their deadlines at the latest`;
    case 'fetching':
      return `fetching the keys of ${event.references.map(({ text }) => printable(text)).join(', ')}`;
    case 'fetched':
      return 'keys fetched';
    case 'keys-left-out':
      return `${printable(event.reference.text)}: left out: ${event.refused.map(refusalWords).join('; ')}`;
    case 'keys-shared':
      return `${printable(event.reference.text)}: ${event.key.fingerprint} is also ${event.with}'s, and comes in as ${event.with}`;
    case 'keyring':
      return keyringWords(event.warning).join('; ');
    case 'from-pin':
      return fromPin(event);
    case 'keys-changed':
      return changedKeys(event.reference, event.trust)
        .map(({ text }) => text.trim())
        .join('; ');
    case 'door':
      return doorWords(event);
    case 'tried':
      return 'tried';
    case 'trying':
      return `trying whether a guest gets in through this machine's sshd, port ${event.port}`;
    case 'door-log':
      return `sshd: ${printable(event.line)}`;
    case 'tunnel-down':
      return `the tunnel is down, and opened again as soon as it can be: ${tunnelWords(event.trouble)}`;
    case 'tunnel-untried':
      return `warning: ${untriedWords(event)}`;
    case 'jump-hidden':
      return `warning: ${hiddenWords(event)}`;
    case 'jump-logins':
      return loginsWords(event);
    case 'tunnel-up':
      return event.moved
        ? `the tunnel is up again; your guest types now: ${printable(event.command, 1000)}`
        : 'the tunnel is up again';
    case 'invited':
    case 'host-attached':
      return `your guest types: ${printable(event.kind === 'invited' ? event.invitation.command : event.command, 1000)}`;
    case 'sharing-all':
      return 'a guest who types in a shared session can reach every session of its tmux server';
    case 'asking':
      return `${printable(event.visit.label)} waits for your yes, from ${particulars(event.visit)}`;
    case 'refused':
      return `${printable(event.label)} was refused from ${printable(event.address)}: ${refusals[event.why]}`;
    case 'login-ended':
      return `${printable(event.label)} ${endedLogins[event.why]}, from ${printable(event.address)}, ${event.fingerprint}`;
    case 'login-refused':
      return `a login from ${printable(event.address)} was refused: ${refusedLogins[event.why]}`;
    case 'invited-more':
      return `${event.guests.map(({ label }) => label).join(', ')} may join, too`;
    case 'invited-doubts':
      return `warning: ${[
        ...obstacleWarnings(event.door, event.obstacles),
        ...(event.keyLines.length === 0 ? [] : [keyLineWords(event.keyLines)]),
      ].join('; ')}`;
    case 'kicked':
      return `${event.label} is out, and stays out`;
    case 'still-in':
      return `warning: ${remainsWords(event.label, event.remains).join('; ')}`;
    case 'remark':
      return printable(event.text, 1000);
    case 'access-changed':
      return `${event.label} may ${event.access === 'read-only' ? 'only look' : 'type'} from now on`;
    case 'change-failed':
      return describeFailure(event.failure).error;
    case 'extended':
      return `the pairing now ends at ${clock(event.deadline)}`;
    case 'joined':
      return `${printable(event.visit.label)} has joined from ${particulars(event.visit)}`;
    case 'left':
      return `${printable(event.visit.label)} has left: ${particulars(event.visit)}`;
    case 'time-left':
      return `${showDuration(event.seconds)} left, then the guests are out`;
    case 'access-ended':
      if (event.remains && event.remains.added.length > 0)
        return `${because(event.reason)}: the guests are out, but ${keyLineWords(event.remains.added)}`;
      return event.failed
        ? `${because(event.reason)}: the guests are out, but not all could be taken back; ${event.failed === 'this-terminal' ? 'detach to see why' : 'tmuxpair list says why'}`
        : `${because(event.reason)}: the guests are out, the session is yours`;
    case 'log-failed':
      return `warning: the log can't be written: ${printable(event.path)}: ${printable(event.problem)}`;
    case 'shell-slow':
      return `waiting for the start-up files of ${printable(event.shell)}, as your guests would`;
    case 'trouble': {
      const { text, fix } = troubleWords(event.trouble);
      return `warning: ${text}${fix === undefined ? '' : `; ${fix}`}`;
    }
    case 'trouble-over':
      return `right again: ${troubleWords(event.trouble).over}`;
    case 'switch-restarted':
      return "the dead man's switch had died, and was armed anew";
    case 'ended':
      return report(event.report)
        .map(({ text }) => text)
        .join('; ');
    default:
      return event satisfies never;
  }
}

function changedKeys(reference: Reference, trust: Trust & { verdict: 'changed' }): Line[] {
  const name = printable(reference.text);
  const lines = [
    `tmuxpair: the keys of ${name} have changed since they were last seen (${lastPaired(trust.pin, new Date())}):`,
    ...trust.added.map(({ fingerprint, type }) => `  + ${fingerprint} ${type}`),
    ...trust.removed.map(({ fingerprint, type }) => `  - ${fingerprint} ${type}`),
  ];
  if (trust.removed.length > 0 && reference.provider === 'github') {
    lines.push('  GitHub deletes keys that were not used for a year by itself');
  }
  return lines.map((text) => ({ to: 'err', text }));
}

function fromPin({ reference, lastSeen, cause }: Extract<Event, { kind: 'from-pin' }>): string {
  const age = `last seen ${ago(lastSeen, new Date())}`;
  return cause
    ? `warning: ${describeFailure(cause).error}; using the remembered keys, ${age}`
    : `${printable(reference.text)}: using the remembered keys, ${age}`;
}

const refusals: Readonly<Record<RefusalReason, string>> = {
  over: 'they may not be in any more',
  expired: 'time is up',
  early: 'you were not there',
  unsafe: 'the run directory is not safe',
  small: 'their window is too small',
  large: 'their window is too large',
  many: 'they are in too often already',
  full: 'the pairing is full',
  terminal: 'they asked for something else than a terminal',
  unanswered: 'nobody answered',
  asking: 'they are asking already',
  refused: 'you refused',
};

const refusedLogins: Readonly<Record<Extract<Event, { kind: 'login-refused' }>['why'], string>> = {
  'many-keys': 'too many keys before an invited one; have your guest add -i KEY -o IdentitiesOnly=yes',
  'other-keys': 'none of its keys is invited',
  locked: "this account's password is locked, so sshd lets nobody in; see tmuxpair doctor",
  expired: 'this account has expired, so sshd lets nobody in; see tmuxpair doctor',
};

const endedLogins: Readonly<Record<Extract<Event, { kind: 'login-ended' }>['why'], string>> = {
  unregistered: 'logged in but did not reach the session: ended',
  many: 'logged in more often than a guest can: the newest login was ended',
  full: 'logged in while the pairing is full: ended',
};
