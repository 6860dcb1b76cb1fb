import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Label } from '../../src/domain/guest.ts';
import type { LeaseId } from '../../src/domain/lease-id.ts';
import {
  leaseLines,
  leaseLinesIn,
  withLease as putOnTop,
  withoutLease,
} from '../../src/lease/authorized-keys.ts';
import { keyOf } from '../support/keys.ts';

function withLease(...given: Parameters<typeof putOnTop>): string {
  const { top, text } = putOnTop(...given);
  return top + text;
}

const ids = ['aaaabbbbcccc', 'aaaaddddeeee', 'aaaaffff2222', 'zzzzffff2222'] as LeaseId[];
const foreign = 'aaaagggg3333';
const host = keyOf('host');

function linesOf(id: LeaseId, guests: number, expiry?: string): string[] {
  const grants = Array.from({ length: guests }, (_, n) => ({
    label: `guest-${n}` as Label,
    key: keyOf(`${id}${n}`),
    number: 1,
  }));
  return leaseLines(grants, { id, gate: `/run/${id}/gate`, expiry, forward: [] });
}

/** A line of somebody else's: one byte a character, anything but a newline. */
const foreignLine = fc
  .oneof(
    fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 40,
    }),
    fc.constantFrom(
      '',
      '# a comment',
      `ssh-ed25519 ${host.base64} me@here`,
      `ssh-ed25519 ${host.base64} me@here\r`,
      `\xef\xbb\xbfssh-ed25519 ${host.base64}`,
      `restrict,pty,command="exec /run/x/gate me" ssh-ed25519 ${host.base64} tmuxpair`,
      `ssh-ed25519 ${host.base64} tmuxpair:${foreign}:me created=file`,
      `ssh-ed25519 ${host.base64} tmuxpair:${foreign}:me`,
      `# ssh-ed25519 ${host.base64} tmuxpair:${ids[0]}:guest-0`,
      `ssh-ed25519 ${host.base64} tmuxpair:${ids[0]}:guest-0 and more`,
      `ssh-ed25519 ${host.base64} tmuxpair:${ids[1]}:`,
      'tmuxpair:',
      ' created=file',
      'x created=folder',
    ),
  )
  .map((line) => line.replaceAll('\n', ' '));

const foreignText = fc
  .tuple(fc.array(foreignLine, { maxLength: 6 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, newline, final]) => lines.join(newline) + (final && lines.length > 0 ? newline : ''));

const file = fc.oneof({ weight: 4, arbitrary: foreignText }, fc.constantFrom(undefined, ''));

test('what was granted and revoked again was never there', () => {
  fc.assert(
    fc.property(file, fc.boolean(), fc.integer({ min: 1, max: 3 }), (before, isFolderAbsent, guests) => {
      const folderAbsent = before === undefined && isFolderAbsent;
      const [id] = ids as [LeaseId];
      const granted = withLease(before, linesOf(id, guests, '20261122181500Z'), folderAbsent);
      expect(withoutLease(granted, id)).toEqual({ text: before, folder: folderAbsent, removed: guests });
    }),
    { numRuns: 300 },
  );
});

type Step =
  | { readonly do: 'grant' | 'revoke'; readonly lease: number }
  | { readonly do: 'edit'; readonly at: number; readonly line: string };

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('grant' as const), lease: fc.nat(ids.length - 1) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('revoke' as const), lease: fc.nat(ids.length - 1) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('edit' as const), at: fc.nat(20), line: foreignLine }),
    },
  ),
  { maxLength: 14 },
) satisfies fc.Arbitrary<Step[]>;

/**
 * Plays leases and edits on a file, next to a model that knows only whose line is whose.
 * Edits put a whole line between two lines, as people do.
 */
function play(before: string | undefined, all: readonly Step[]) {
  let text = before;
  let folder = false;
  const live = new Set<number>();
  let theirs = before;
  const ours = (): string[] => [...live].flatMap((lease) => linesOf(ids[lease] as LeaseId, 2));
  for (const step of [...all, ...ids.map((_, lease): Step => ({ do: 'revoke', lease }))]) {
    if (step.do === 'edit') {
      if (text === undefined) continue;
      const lines = text.split('\n');
      const at = step.at % lines.length;
      const known = new Set(ours());
      const above = lines.slice(0, at).filter((line) => !known.has(line.replace(/ created=\w+$/, ''))).length;
      text = lines.toSpliced(at, 0, step.line).join('\n');
      theirs = (theirs ?? '').split('\n').toSpliced(above, 0, step.line).join('\n');
    } else if (step.do === 'grant' && !live.has(step.lease)) {
      text = withLease(text, linesOf(ids[step.lease] as LeaseId, 2));
      live.add(step.lease);
    } else if (step.do === 'revoke') {
      const rest = withoutLease(text ?? '', ids[step.lease] as LeaseId);
      expect(rest.removed).toBe(live.delete(step.lease) ? 2 : 0);
      if (rest.removed > 0) text = rest.text;
      folder ||= rest.folder;
    }
    const known = new Set(ours());
    const others = (text ?? '').split('\n').filter((line) => !known.has(line.replace(/ created=\w+$/, '')));
    expect(others.join('\n')).toBe(theirs ?? '');
    expect(leaseLinesIn(text ?? '').filter(({ id }) => id !== foreign)).toHaveLength(live.size * 2);
  }
  return { text, theirs, folder };
}

test('leases that come and go in any order take nobody else’s byte, whatever is edited meanwhile', () => {
  fc.assert(
    fc.property(file, steps, (before, all) => {
      const { text, theirs } = play(before, all);
      expect(text ?? '').toBe(theirs ?? '');
    }),
    { numRuns: 400 },
  );
});

test('a file that was not there is gone again, in whichever order leases came and went', () => {
  const leases = fc.array(
    fc.record({ do: fc.constantFrom('grant', 'revoke'), lease: fc.nat(ids.length - 1) }),
    { minLength: 1, maxLength: 14 },
  ) as fc.Arbitrary<Step[]>;
  fc.assert(
    fc.property(leases, (all) => {
      expect(play(undefined, all).text).toBeUndefined();
      expect(play('', all).text).toBe('');
    }),
    { numRuns: 150 },
  );
});
