/** What is wrong with keys, as the host reads it. */
import type { Failure, RefusedKey } from '../domain/failure.ts';
import { printable } from '../domain/text.ts';
import { type Words, words } from './failure-words.ts';

/** Why a key was left out, e.g. `key 2 is a certificate`. */
export function refusalWords({ line, fingerprint, member, refusal }: RefusedKey): string {
  const which = `${member === undefined ? '' : `${printable(member)}'s `}key ${line}${fingerprint ? ` (${fingerprint})` : ''}`;
  switch (refusal.reason) {
    case 'private-key':
      return `${which} is a private key: never give that away, use the .pub file`;
    case 'control-character':
      return `${which} has control characters in it`;
    case 'too-long':
      return `${which} is longer than any key`;
    case 'options-in-front':
      return `${which} has options in front, and only a bare key is taken`;
    case 'certificate':
      return `${which} is a certificate`;
    case 'dsa':
      return `${which} is ssh-dss, which is not safe any more`;
    case 'unknown-type':
      return `${which} is of no known type`;
    case 'malformed':
      return `${which} is damaged (${refusal.type})`;
    case 'type-mismatch':
      return `${which} says ${refusal.type} but holds another`;
    case 'trailing-bytes':
      return `${which} has bytes behind its end (${refusal.type})`;
    case 'rsa-too-short':
      return `${which} is ssh-rsa with ${refusal.bits} bits, and 2048 are the least`;
    case 'other-format':
      return `${which} is in another format than OpenSSH's`;
    case 'signing-only':
      return `${which} is for signing only`;
    case 'expired':
      return `${which} has expired on ${refusal.at.toISOString().slice(0, 10)}`;
    default:
      return refusal satisfies never;
  }
}

export function noKeys({ reference, refused }: Extract<Failure, { kind: 'no-keys' }>): Words {
  if (refused.length === 0) {
    return words(
      3,
      `${reference} has no public SSH keys`,
      'your guest has to add one there first, or send you a .pub file',
    );
  }
  if (refused.every(({ refusal }) => refusal.reason === 'unknown-type')) {
    return words(3, `${reference} holds no public SSH key`, 'give a public key file, e.g. partner_key.pub');
  }
  const reasons = refused.slice(0, 5).map(refusalWords).join('; ');
  const more = refused.length > 5 ? `; and ${refused.length - 5} more` : '';
  return words(
    3,
    `${reference} has no usable key: ${reasons}${more}`,
    refused.some(({ refusal }) => refusal.reason === 'private-key')
      ? 'give the file beside it that ends in .pub'
      : 'ask your guest for an ed25519 key: ssh-keygen -t ed25519',
  );
}

export function keyPresent(failure: Extract<Failure, { kind: 'key-already-present' }>): Words {
  const where = `${failure.path}:${failure.line}`;
  const key = `the key ${failure.fingerprint} of ${failure.reference}`;
  return failure.lease === undefined
    ? words(
        5,
        `${where}: ${key} is let in already by this line, past the gate`,
        failure.repairing
          ? 'if it should not be there, remove it, then run tmuxpair repair again'
          : failure.isAhead
            ? 'pass --door private, or remove that line if nobody needs it: sshd reads it first, so no gate can stand in front of it'
            : 'pass --door private, whose sshd has no other keys; or --gate-existing-keys, which for this pairing takes that way in from whoever has the key',
      )
    : words(
        5,
        `${where}: ${key} is in another pairing of yours, ${failure.lease}`,
        'end that one first, or pass --gate-existing-keys: the newer pairing then gets them',
      );
}

export function linesOf(lines: readonly number[]): string {
  if (lines.length === 0) return 'lines of this pairing may be';
  return lines.length === 1 ? `line ${lines[0]} is` : `lines ${lines.join(', ')} are`;
}
