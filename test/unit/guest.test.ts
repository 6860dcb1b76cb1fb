import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { table } from '../../providers/table.ts';
import { isLabel, type Label, labelsFor, type Reference } from '../../src/domain/guest.ts';

function reference(text: string): Reference {
  const [, provider = '', name = '', host] = /^(\w+):([^@]*)(?:@(.*))?$/.exec(text) ?? [];
  if (!table.has(provider)) throw new Error(`no provider in ${text}`);
  return { provider, name, text, ...(host === undefined ? {} : { host }) };
}

const labels = (...texts: string[]) => labelsFor(texts.map(reference));

describe('guests are called', () => {
  test.each<[string, string[], string[]]>([
    ['by their names', ['github:octocat', 'gitlab:bob'], ['octocat', 'bob']],
    ['by name and provider where two share a name', ['github:ada', 'gitlab:ada'], ['ada', 'ada-gitlab']],
    [
      'by number where that is not enough',
      ['github:ada', 'github:ada@one.example', 'github:ada@two.example', 'github:ada@three.example'],
      ['ada', 'ada-github', 'ada-2', 'ada-3'],
    ],
    ['apart without regard to case', ['github:Ada', 'gitlab:ada'], ['Ada', 'ada-gitlab']],
    ['by a team without its organization', ['github:acme/core'], ['core']],
    ['by a file without folder and ending', ['file:/home/me/Bob Smith.pub'], ['Bob-Smith']],
    ['by what is left of an address', ['url:https://example.com/ada.keys'], ['ada']],
    [
      'never by what another is called already',
      ['github:ada-gitlab', 'github:ada', 'gitlab:ada'],
      ['ada-gitlab', 'ada', 'ada-2'],
    ],
  ])('%s', (_, texts, expected) => {
    expect(labels(...texts)).toEqual(expected);
  });

  test('by a digest where nothing is left of the name', () => {
    const [one = '', two = ''] = labels('file:/日本', 'file:/語');
    expect(one).toMatch(/^guest-[0-9a-f]{6}$/);
    expect(two).toMatch(/^guest-[0-9a-f]{6}$/);
    expect(one).not.toBe(two);
  });

  test('by at most 64 characters, also where two only differ behind them', () => {
    const long = 'x'.repeat(64);
    const [one, two, three] = labels(`url:${long}a`, `url:${long}b`, `url:${long}c`);
    expect([one, two, three]).toEqual([long, `${long.slice(0, 62)}-2`, `${long.slice(0, 62)}-3`]);
  });

  test('by nothing that a live pairing calls somebody else', () => {
    expect(labelsFor([reference('github:ada')], ['ADA' as Label])).toEqual(['ada-github']);
  });
});

test('whatever the names, labels are labels and all different, also as files on a disk without case', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: fc.constantFrom('a', 'A', '-', '_', '/', '.', ' ', '\n', '\0', '2'), maxLength: 80 }),
    fc.constantFrom('', '.', '..', '../x', '-rf', 'open', '$(id)', '`id`', 'a'.repeat(300)),
  );
  const guests = fc.array(
    fc.record({ provider: fc.constantFrom(...table.keys()), name }).map(
      ({ provider, name }): Reference => ({
        provider,
        name,
        text: `${provider}:${name}`,
      }),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(guests, guests, (first, second) => {
      const taken = labelsFor(first);
      const all = [...taken, ...labelsFor(second, taken)];
      expect(all.filter((label) => !isLabel(label) || label.startsWith('-'))).toEqual([]);
      expect(new Set(all.map((label) => label.toLowerCase())).size).toBe(first.length + second.length);
    }),
  );
});

test.each(['', '.', 'a b', 'a/b', '../a', 'ä', 'a\n', '\na', 'a,b', '$x', 'x'.repeat(65)])(
  '%j is no label',
  (text) => {
    expect(isLabel(text)).toBe(false);
  },
);
