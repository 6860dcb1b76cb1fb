import { jsonLine } from '../domain/text.ts';
import type { ComparedGuest } from '../guests/compare.ts';
import type { Where } from '../keyring/pin-location.ts';
import { ago, lastPaired } from './ago.ts';
import { refusalWords } from './key-words.ts';
import { referenceWords } from './reference-words.ts';

type Change = 'same' | 'added' | 'removed';

const marks: Readonly<Record<Change, string>> = { same: ' ', added: '+', removed: '-' };
const places: Readonly<Record<Where, string>> = {
  keychain: 'the keychain',
  file: 'files',
  nowhere: 'nowhere: this run only',
};

/**
 * The output of `keys`, for people: a block for each guest, a line for each key, marked `+` and `-` if it changed.
 * @param unsure guests whose new keys wait for a yes, and are not remembered before
 * @param where where the others are remembered; absent if none of them is
 */
export function keysTable(
  seen: readonly ComparedGuest[],
  unsure: readonly ComparedGuest[],
  where: Where | undefined,
): string {
  const blocks = seen.map((guest) => {
    const rows = changesOf(guest).map(
      ({ type, fingerprint, change }) => `  ${marks[change]} ${fingerprint} ${type}`,
    );
    const refused = guest.refused.map((key) => `  left out: ${refusalWords(key)}`);
    const open = unsure.includes(guest)
      ? ['  not remembered yet: ask whether they are theirs, then pass --accept-new-keys']
      : [];
    return [`${referenceWords(guest.reference)}: ${verdict(guest)}`, ...rows, ...refused, ...open].join('\n');
  });
  return [...blocks, ...(where === undefined ? [] : [`remembered in ${places[where]}`])].join('\n');
}

/** The output of `keys`, for programs. */
export function keysJson(seen: readonly ComparedGuest[]): string {
  const guests = seen.map((guest) => ({
    reference: guest.reference.text,
    from: guest.reference.from,
    label: guest.label,
    trust: guest.trust.verdict,
    source: guest.source,
    fetchedAt: guest.fetchedAt.toISOString(),
    keys: changesOf(guest),
  }));
  return jsonLine({ guests });
}

function changesOf({ keys, trust }: ComparedGuest): { type: string; fingerprint: string; change: Change }[] {
  const added = new Set(trust.verdict === 'changed' ? trust.added.map(({ fingerprint }) => fingerprint) : []);
  const removed = trust.verdict === 'changed' ? trust.removed : [];
  return [
    ...keys.map(({ type, fingerprint }) => ({
      type,
      fingerprint,
      change: added.has(fingerprint) ? ('added' as const) : ('same' as const),
    })),
    ...removed.map(({ type, fingerprint }) => ({ type, fingerprint, change: 'removed' as const })),
  ];
}

function verdict({ trust, source, fetchedAt }: ComparedGuest): string {
  if (trust.verdict === 'new') return 'new';
  const now = new Date();
  const from = source === 'pin' ? `, as remembered: last seen ${ago(fetchedAt, now)}` : '';
  return `${trust.verdict}, ${lastPaired(trust.pin, now)}${from}`;
}
