import { printable } from '../domain/text.ts';
import type { Where } from '../keyring/place.ts';
import { daysSincePaired } from '../keyring/trust.ts';
import type { Seen } from '../session/seen.ts';
import { refusalWords } from './words.ts';

type Change = 'same' | 'added' | 'removed';

const marks: Readonly<Record<Change, string>> = { same: ' ', added: '+', removed: '-' };

/** The answer of `keys`, for people: a block a guest, a line a key, marked `+` and `-` where it changed. */
export function keysTable(seen: readonly Seen[], where: Where | undefined): string {
  const blocks = seen.map((guest) => {
    const rows = changesOf(guest).map(
      ({ type, fingerprint, change }) => `  ${marks[change]} ${fingerprint} ${type}`,
    );
    const refused = guest.refused.map((key) => `  left out: ${refusalWords(key)}`);
    return [`${printable(guest.reference.text)}: ${verdict(guest)}`, ...rows, ...refused].join('\n');
  });
  const kept = { keychain: 'the keychain', file: 'files', nowhere: 'nowhere: this run only' };
  return [...blocks, ...(where === undefined ? [] : [`remembered in ${kept[where]}`])].join('\n');
}

/** The answer of `keys`, for programs. `pinsIn` is where keys are remembered, null where none of these are. */
export function keysJson(seen: readonly Seen[], where: Where | undefined): string {
  const guests = seen.map((guest) => ({
    reference: guest.reference.text,
    label: guest.label,
    trust: guest.trust.verdict,
    source: guest.source,
    fetchedAt: guest.fetchedAt.toISOString(),
    keys: changesOf(guest),
  }));
  return JSON.stringify({ guests, pinsIn: where ?? null });
}

function changesOf({ keys, trust }: Seen): { type: string; fingerprint: string; change: Change }[] {
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

function verdict({ trust, source, fetchedAt }: Seen): string {
  const from = source === 'pin' ? `, as remembered on ${fetchedAt.toISOString().slice(0, 10)}` : '';
  if (trust.verdict === 'new') return `new${from}`;
  const days = daysSincePaired(trust.pin, fetchedAt);
  const paired =
    days === undefined ? 'never paired' : `last paired ${days === 0 ? 'today' : `${days} days ago`}`;
  return `${trust.verdict}, ${paired}${from}`;
}
