import type { Failure } from '../domain/failure.ts';
import { shWord } from '../domain/sh-word.ts';
import { clock } from './clock.ts';
import { type Words, words } from './failure-words.ts';
import { keyPresent, linesOf, noKeys } from './key-words.ts';
import { accountBarWords, accountMend, noLoginsWords } from './private-door-bar-words.ts';
import { blockEffect, blockHint, blockWords } from './shell-words.ts';
import { troubleWords } from './trouble-words.ts';
import { tunnelWords } from './tunnel-words.ts';

/** Puts a failure into words. Makes text from outside printable. */
export function describeFailure(failure: Failure): Words {
  switch (failure.kind) {
    case 'usage':
      return words(2, failure.problem, failure.hint ?? 'see tmuxpair -h');
    case 'guest-unknown':
      return words(
        3,
        `${failure.reference}: ${failure.host} knows no such user`,
        'check the spelling of the name',
      );
    case 'no-keys':
      return noKeys(failure);
    case 'keys-changed':
      return words(
        3,
        `${failure.reference}: keys have been added since the last time: ${failure.added.join(', ')}`,
        'ask your guest whether they are theirs, then pass --accept-new-keys',
      );
    case 'file-unreadable':
      return words(
        3,
        `${failure.path}: ${fileProblem(failure.code)}`,
        'give the path of a public key file, e.g. partner_key.pub',
      );
    case 'forge-unreachable':
      return words(
        4,
        `${failure.reference}: ${failure.host} can't be reached (${failure.cause})`,
        'check your network, or give a key file instead',
      );
    case 'forge-timeout':
      return words(
        4,
        `${failure.reference}: ${failure.host} did not answer within ${failure.seconds} s`,
        'try again, or give a key file instead',
      );
    case 'forge-rate-limited':
      return words(
        4,
        `${failure.reference}: ${failure.host} allows no more requests for now${failure.resetAt ? `, until ${clock(failure.resetAt)}` : ''}`,
        failure.tokenVariable
          ? `wait, or set ${failure.tokenVariable}: with a token it allows more`
          : 'wait, or give a key file instead',
      );
    case 'forge-token-refused':
      return words(
        4,
        `${failure.reference}: ${failure.host} refuses the token`,
        failure.tokenVariable
          ? `renew or unset ${failure.tokenVariable}`
          : 'see whether this host wants a token',
      );
    case 'forge-token-needed':
      return words(
        4,
        `${failure.reference}: ${failure.host} tells this only to who has a token`,
        failure.tokenVariable
          ? `set ${failure.tokenVariable}${failure.scope ? ` to a token with ${failure.scope}` : ''}`
          : 'give a key file instead',
      );
    case 'forge-status':
      return words(
        4,
        `${failure.reference}: ${failure.host} answered with status ${failure.status}`,
        'try again later, or give a key file instead',
      );
    case 'forge-answer':
      return words(
        4,
        `${failure.reference}: the answer of ${failure.host} makes no sense (${failure.problem})`,
        'is something in between, such as a sign-in page of your network?',
      );
    case 'forge-redirect':
      return words(
        4,
        `${failure.reference}: ${failure.host} sends us on to ${failure.to}, which is not followed`,
        'keys are taken from the named host alone; check its address',
      );
    case 'no-pin':
      return failure.lastSeen === undefined
        ? words(
            4,
            `${failure.reference}: nothing is remembered of them`,
            'run it once without --offline, or give a key file instead',
          )
        : words(
            4,
            `${failure.reference}: their keys were last seen on ${failure.lastSeen.toISOString().slice(0, 10)}, which is too long ago`,
            'run it without --offline, or give a key file instead',
          );
    case 'authorized-keys-refused':
      return words(5, keyFileProblem(failure), failure.hint);
    case 'authorized-keys-locked':
      return words(
        5,
        `${failure.path} is being changed by ${failure.owner}`,
        `try again; if no tmuxpair runs on any machine with this home folder, remove ${shWord(failure.lock)}`,
      );
    case 'key-already-present':
      return keyPresent(failure);
    case 'key-accepted':
      return words(
        5,
        `this machine's sshd lets ${failure.reference} in by itself, past the gate: their key stands in another file or comes from a program`,
        'invite them into a pairing with --door private, whose sshd has no other keys',
      );
    case 'program-missing':
      return words(6, `${failure.program} is not there`, failure.hint);
    case 'program-too-old':
      return words(
        6,
        `${failure.program} ${failure.found} is too old: ${failure.reason}`,
        `install ${failure.program} ${failure.floor} or newer`,
      );
    case 'program-failed':
      return words(
        6,
        `${failure.program} failed at ${failure.doing}${failure.detail ? `: ${inOneLine(failure.detail)}` : ''}`,
      );
    case 'host-key-refused':
      return words(
        6,
        `${failure.path} can't be the host key of a private sshd: ${failure.problem}`,
        failure.hint ?? `${moveAway(failure.path)}; another is made, and guests see that it is another`,
      );
    case 'port-refused':
      return words(
        6,
        portProblem(failure),
        isAddressProblem(failure.code)
          ? 'give an address of this machine with --bind, or none for all of them'
          : 'give another --port, or none for any that is free',
      );
    case 'gate-not-reached':
      return words(
        6,
        `your guests ${blockEffect(failure.block)}: ${blockWords(failure.block)}`,
        blockHint(failure.block, failure.private),
      );
    case 'trouble-left': {
      const [first, ...more] = failure.trouble.map(troubleWords);
      const also = more.length === 0 ? '' : `; and ${more.map(({ text }) => text).join('; ')}`;
      return words(6, `not all could be put right: ${first?.text ?? ''}${also}`, first?.byHand ?? first?.fix);
    }
    case 'no-way-in':
      return words(6, 'a guest could not get in', 'mend what fails, from above, and run it again');
    case 'no-terminals':
      return words(
        6,
        'an sshd of your own can make no terminals here: /dev/pts is not mounted for the group tty',
        `as root: ${failure.mend}`,
      );
    case 'account-refused':
      return words(
        6,
        `an sshd of your own would let nobody in: ${accountBarWords(failure)}`,
        failure.why === 'locked'
          ? `as root: ${accountMend(failure)} (then keys get in, and no password: the old one is gone)`
          : `as root: ${accountMend(failure)}`,
      );
    case 'no-logins':
      return words(
        6,
        `an sshd of your own would let nobody in: ${noLoginsWords(failure)}`,
        `try again when it is gone; who put it there may be about to shut the machine down`,
      );
    case 'tunnel-failed':
      return words(
        6,
        `no tunnel to ${failure.jump}: ${tunnelWords(failure.trouble)}`,
        `make 'ssh ${failure.jump}' work without a question, and see that it lets you listen (AllowTcpForwarding)`,
      );
    case 'run-directory-refused':
      return words(
        6,
        `${failure.path}: ${failure.problem}`,
        failure.hint ?? 'set XDG_RUNTIME_DIR to a folder of yours with mode 700',
      );
    case 'log-refused':
      return words(
        6,
        `${failure.path}: ${failure.problem}`,
        `${moveAway(failure.path)}; the next pairing begins another`,
      );
    case 'guests-left':
      return words(
        7,
        'the gate is shut, but a guest process would not end',
        `see who it is: ls ${failure.folder}/in`,
      );
    case 'revocation-failed':
      return words(
        7,
        `${failure.path} could not be restored (${failure.problem}): the gate is shut${
          failure.guestsLeft === undefined
            ? ' and the guests are out'
            : `, a guest process would not end (see ${failure.guestsLeft}/in)`
        }, but ${linesOf(failure.lines)} still there`,
        `delete every line of it that has ${failure.label} in its comment, or run tmuxpair sweep`,
      );
    case 'keys-left':
      return words(
        7,
        `what this pairing granted is revoked, but ${failure.lines.map(({ path, line, guest }) => `${path}:${line} still lets ${guest} in`).join(', ')}, past the gate`,
        failure.lines.length === 1
          ? 'delete that line, unless you put it there for good'
          : 'delete those lines, unless you put them there for good',
      );
    case 'nothing-remembered':
      return words(
        8,
        `nothing was found to forget of ${failure.references.join(', ')}`,
        `see what is remembered: tmuxpair keys --offline ${failure.references[0] ?? ''}`,
      );
    case 'no-such-pairing':
      if (failure.ids.length === 0) return words(8, 'there is no pairing', 'start one: tmuxpair @octocat');
      return failure.wanted === undefined
        ? words(8, `there is more than one pairing: ${failure.ids.join(', ')}`, 'name one with --id')
        : words(8, `there is no pairing ${failure.wanted}`, `there is ${failure.ids.join(', ')}`);
    case 'pairing-silent':
      return silentPairing(failure.pairings.map(({ id }) => id));
    case 'no-such-guest':
      return words(
        8,
        `there is no guest ${failure.label}`,
        `there is ${failure.guests.join(', ') || 'nobody'}`,
      );
    default:
      return failure satisfies never;
  }
}

/** This loses nothing. */
function moveAway(path: string): string {
  return `move it away: mv ${shWord(path)} ${shWord(`${path}.old`)}`;
}

function silentPairing(ids: readonly string[]): Words {
  const [id = '', ...more] = ids;
  return more.length > 0
    ? words(8, `${ids.join(', ')} do not answer: are their supervisors stopped?`, 'name one with --id')
    : words(
        8,
        `${id} does not answer: is its supervisor stopped?`,
        `take its access back without it: tmuxpair stop --id ${id}`,
      );
}

/** The problem is a predicate, or a sentence of its own. */
function keyFileProblem({ path, problem }: Extract<Failure, { kind: 'authorized-keys-refused' }>): string {
  return `${path}${/^(is|can|belongs|has) /.test(problem) ? '' : ':'} ${problem}`;
}

function fileProblem(code: string): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    'not-a-file': 'is not a plain file',
    'too-large': 'is too large for a list of keys',
  };
  return known[code] ?? `can't be read (${code})`;
}

function isAddressProblem(code: string): boolean {
  return code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND';
}

function portProblem({ port, address, code }: Extract<Failure, { kind: 'port-refused' }>): string {
  if (isAddressProblem(code)) return `${address} is no address of this machine`;
  const known: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} is taken by another program`,
    EACCES: `port ${port} is for root alone`,
  };
  return known[code] ?? `port ${port} can't be listened on (${code})`;
}

/** What a program has said, in one line. */
function inOneLine(detail: string): string {
  return detail.trim().replaceAll(/\s*[\r\n]+\s*/g, '; ');
}
