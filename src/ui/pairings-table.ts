import { showDuration } from '../domain/duration.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import { printable } from '../domain/text.ts';
import { clock } from './clock.ts';
import { referenceWords } from './reference-words.ts';
import { troubleWords } from './trouble-words.ts';

/** The output of `list`, for people. */
export function pairingsTable(pairings: readonly PairingInfo[]): string {
  return pairings.length === 0 ? 'nothing is live' : pairings.map(pairingInfo).join('\n\n');
}

/** A pairing for JSON: its trouble has words, too. */
export function pairingJson(pairing: PairingInfo): unknown {
  const trouble = pairing.trouble.map((one) => {
    const { text, fix } = troubleWords(one);
    return { ...one, text, fix };
  });
  return { ...pairing, trouble };
}

/** The output of `info`, for people: the pairing, then a block for each guest. */
export function pairingInfo(pairing: PairingInfo): string {
  const { id, session, status, routes, trouble, guests } = pairing;
  const ending = status === 'ending' ? ' (ending)' : '';
  const lines = guests.flatMap(({ label, reference, from, access, loggedIn, keys, connections }) => [
    `  ${printable(label)} (${referenceWords({ text: reference, from })}), ${mayDo(access)}`,
    ...keys.map(({ type, fingerprint }) => `      ${printable(fingerprint)} ${printable(type)}`),
    ...(loggedIn === true && connections.length === 0
      ? ['    has logged in, and is not in the session now']
      : []),
    ...connections.map(
      (one) =>
        `    in since ${clock(new Date(one.joinedAt))} from ${printable(one.address)}, ${mayDo(one.access)}, ${printable(one.fingerprint)}`,
    ),
  ]);
  return [
    `${id}: session ${printable(session)}, ends ${endOf(pairing)}${ending}`,
    ...routes.map(({ sshCommand }) => `  ${printable(sshCommand, 1000)}`),
    ...trouble
      .map(troubleWords)
      .map(({ text, fix }) => `  trouble: ${fix === undefined ? text : `${text}; ${fix}`}`),
    ...lines,
  ].join('\n');
}

export function endOf({ deadline, remainingSeconds }: PairingInfo): string {
  return `${clock(new Date(deadline))} (in ${showDuration(remainingSeconds)})`;
}

function mayDo(access: string): string {
  return access === 'read-only' ? 'view only' : 'may type';
}
