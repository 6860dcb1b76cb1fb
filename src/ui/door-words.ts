/** What to report of doors: which one and why, why an sshd may be no good for guests, and how to fix that. */

import type { DoorKind, PrivateDoorBar } from '../domain/door-reason.ts';
import type { Doubt } from '../domain/doubt.ts';
import type { Event } from '../domain/events.ts';
import type { KeyLine } from '../domain/key-line.ts';
import { effectOf, type Obstacle } from '../domain/obstacle.ts';
import type { Remains } from '../domain/remains.ts';
import { printable } from '../domain/text.ts';
import { obstacleWords } from './obstacle-words.ts';
import { accountBarWords, accountMend, noLoginsWords } from './private-door-bar-words.ts';
import { blockEffect, blockWords } from './shell-words.ts';
import { describeFailure } from './words.ts';

/** Which door it is, and why, in one line. */
export function doorWords({ door, port, why }: Extract<Event, { kind: 'door' }>): string {
  const through =
    door === 'system'
      ? `guests come through this machine's sshd, port ${port}`
      : `guests come through an sshd of this pairing's own, port ${port}`;
  switch (why.kind) {
    case 'asked':
    case 'answers':
      return through;
    case 'forward':
      return why.bar === undefined
        ? `so that the forwarded ports close at the end, ${through}`
        : `${through}: one of this pairing's own, which would close forwarded ports at the end, ${barWords(why.bar)}`;
    case 'silent':
      return `no sshd answers on port ${why.port}: ${through}`;
    case 'key-file':
      return `${describeFailure(why.failure).error}: ${through}`;
    case 'none':
      return `no sshd answers on port ${why.port}, and one of this pairing's own could make no terminals: ${why.mend}`;
    case 'obstacles':
      return `this machine's sshd on port ${why.port} won't do (${why.obstacles.map(obstacleWords).join('; ')}): ${through}`;
    case 'tried':
      return `${through}: ${why.doubts.map(doubtWords).join('; ')}, but a trial login got in`;
    case 'unproven':
      return `not port ${why.port} (${why.doubts.map(doubtWords).join('; ')}): ${through}`;
    case 'shell':
      return `guests of this machine's sshd on port ${why.port} ${blockEffect(why.block)} (${blockWords(why.block)}): ${through}`;
    default:
      return why satisfies never;
  }
}

function barWords(bar: PrivateDoorBar): string {
  if (bar.kind === 'no-terminals') return `could make no terminals: ${bar.mend}`;
  if (bar.kind === 'no-logins') return `would let nobody in: ${noLoginsWords(bar)}`;
  return `would let nobody in: ${accountBarWords(bar)}: ${accountMend(bar)}`;
}

/** What to report of an sshd of which not all is known, or that did not let a trial login in. */
export function doubtWarning(port: number, doubts: readonly Doubt[]): string[] {
  const past = doubts.filter(({ kind }) => isPast(kind)).map(doubtWords);
  const others = doubts.filter(({ kind }) => !isPast(kind));
  const all = others.map(doubtWords).join('; ');
  const failed = others.some(({ kind }) => /^(login-failed|loopback-only|reached-nowhere)$/.test(kind));
  const outlook = failed
    ? `your guest probably can't get in through port ${port}`
    : `it is not known whether your guest can get in through port ${port}`;
  return [
    ...(others.length === 0 ? [] : [`${outlook}: ${all}; see tmuxpair doctor`]),
    ...past.map(
      (words) => `this machine's sshd may let your guest in past the gate: ${words}; --door private does not`,
    ),
  ];
}

/** Whether it says that there may be a way in past the gate, rather than that there may be none. */
function isPast(kind: Doubt['kind']): boolean {
  return kind === 'environment-unsure' || kind === 'environment-taken';
}

export function doubtWords(doubt: Doubt): string {
  switch (doubt.kind) {
    case 'other-server':
      return `it greets as ${printable(doubt.greeting, 80)}, which is not OpenSSH`;
    case 'no-greeting':
      return 'it does not greet as an sshd';
    case 'refusing': {
      const said = doubt.said === '' ? 'without a word' : `with "${printable(doubt.said, 80)}"`;
      return `it refuses connections from this machine ${said} (PerSourcePenalties for a while, or hosts.deny)`;
    }
    case 'settings-unread':
      return "its settings can't be read";
    case 'settings-assumed':
      return `its process can't be seen: its settings are taken to be those of ${printable(doubt.configFile)}`;
    case 'settings-stale':
      return `its configuration (${printable(doubt.configFile)}) has changed since it was started: it may run with the one before, and what that accepts is not known`;
    case 'environment-unsure':
      return `the login shell may read other start-up files there than were tried: ${doubt.causes.map((one) => printable(one)).join(', ')} can set what it obeys`;
    case 'environment-taken':
      return `guests can set variables of your login shell, such as ${doubt.names.map((one) => printable(one)).join(', ')}`;
    case 'loopback-only':
      return `it listens on ${doubt.addresses.map((one) => printable(one)).join(', ')} only, which no other machine can reach`;
    case 'reached-nowhere':
      return `it does not listen on ${doubt.addresses.map((one) => printable(one)).join(', ')}, by which other machines reach this one`;
    case 'login-failed':
      return `a trial login with a key of type ${printable(doubt.type)} failed: ${printable(doubt.said) || 'ssh went without a word'}`;
    case 'key-accepted':
      return `it lets ${printable(doubt.guest)} in by itself, past the gate: their key stands in another file or comes from a program`;
    case 'login-untried':
      return `a trial login could not be made: ${describeFailure(doubt.failure).error}`;
    case 'types-untried':
      return `whether it accepts keys of type ${doubt.types.map((one) => printable(one)).join(', ')} can't be tried`;
    default:
      return doubt satisfies never;
  }
}

/** What to report of an sshd that guests are invited through all the same: one line for each effect. */
export function obstacleWarnings(door: DoorKind, obstacles: readonly Obstacle[]): string[] {
  const sshd = door === 'system' ? "this machine's sshd" : "this pairing's sshd";
  const all = (effect: ReturnType<typeof effectOf>): string =>
    obstacles
      .filter((one) => effectOf(one) === effect)
      .map(obstacleWords)
      .join('; ');
  const [out, past, caution] = [all('keeps-out'), all('way-in'), all('caution')];
  return [
    ...(out === '' ? [] : [`${sshd} may keep your guest out: ${out}; see tmuxpair doctor`]),
    ...(past === '' ? [] : [`${sshd} may let your guest in past the gate: ${past}; --door private does not`]),
    ...(caution === '' ? [] : [`${sshd}: ${caution}`]),
  ];
}

/** Lines of key files that let guests in past the gate. */
export function keyLineWords(lines: readonly Pick<KeyLine, 'path' | 'line' | 'label'>[]): string {
  const one = ({ path, line, label }: (typeof lines)[number]): string =>
    `${printable(path)}:${line} lets ${printable(label)} in past the gate`;
  return lines.map(one).join('; ');
}

/** Ways by which a guest may get in after access was taken back. */
export function remainsWords(who: string, { added, before, unknown, forwarded }: Remains): string[] {
  return [
    ...(added.length === 0 ? [] : [`${keyLineWords(added)}: delete what you did not put there`]),
    ...(before.length === 0 ? [] : [`${keyLineWords(before)}, as before`]),
    ...(unknown.length === 0
      ? []
      : [
          `whether this machine's sshd still lets ${printable(who)} in can't be known: ${unknown.map(obstacleWords).join('; ')}`,
        ]),
    ...(forwarded.length === 0
      ? []
      : [
          `a forwarding that ${printable(who)} may hold open without a terminal (ssh -N) can't be told from your own, and still reaches ${portsWords(forwarded)}`,
        ]),
  ];
}

function portsWords(ports: Remains['forwarded']): string {
  if (ports === 'any')
    return 'whatever you can reach from this machine: see which sshd of yours has no session';
  return `port ${ports.join(', ')}: close the port to close it`;
}
