import { describe, expect, test } from 'vitest';
import type { Label } from '../../src/domain/guest.ts';
import type { LeaseId } from '../../src/domain/lease-id.ts';
import { leaseLines } from '../../src/lease/authorized-keys.ts';
import { lineTroubles, type WrittenLine } from '../../src/lease/lines.ts';
import { keyOf } from '../support/keys.ts';

const [id, other] = ['aaaabbbbcccc', 'aaaaddddeeee'] as [LeaseId, LeaseId];
const options = (of: LeaseId) => ({
  id: of,
  gate: `/run/user/1000/tmuxpair/${of}/gate`,
  expiry: '20261122181500Z',
  forward: [80],
});
const written = (label: string, of = id): WrittenLine => {
  const key = keyOf(label);
  const [text = ''] = leaseLines([{ label: label as Label, key, number: 2 }], options(of));
  return { label, base64: key.base64, text };
};
const [ada, bob] = [written('ada'), written('bob')];
const bare = (label: string) => `ssh-ed25519 ${keyOf(label).base64}`;
const hosts = `${bare('host')} me@here`;
const troubles = (lines: readonly string[] | undefined, gateExisting = false) =>
  lineTroubles(lines?.map((line) => `${line}\n`).join(''), [ada, bob], {
    root: '/run/user/1000/tmuxpair',
    gateExisting,
  });

describe('nothing is the matter', () => {
  test.each<[string, string[]]>([
    ['as written', [ada.text, bob.text, hosts]],
    [
      'with the mark of a file that was not there',
      [`${ada.text} created=file`, `${bob.text} created=folder`],
    ],
    ['below the lines of others', [hosts, '', '# x', ada.text, hosts, bob.text]],
    ['with the ends of lines of another system', [`${ada.text}\r`, `${bob.text} \t\r`]],
    ['twice', [ada.text, bob.text, ada.text]],
    ['beside comments', [`# ${bare('ada')}`, ada.text, bob.text, `\t#${bare('bob')}`]],
    ['beside a name that is no key', [`${bare('host')} ${ada.base64}x`, ada.text, bob.text]],
    ['beside the line of another pairing', [written('ada', other).text, ada.text, bob.text]],
  ])('%s', (_, lines) => {
    expect(troubles(lines)).toEqual([]);
  });

  test('other lines below ours, where they are accepted', () => {
    expect(troubles([ada.text, bob.text, `${bare('ada')} ada@home`], true)).toEqual([]);
  });
});

describe('the same key in a spelling of sshd’s counts as the same', () => {
  const spelt = (space: string) => `ssh-ed25519 ${ada.base64.slice(0, 30)}${space}${ada.base64.slice(30)} x`;
  test.each(['\f', '\v', '\r'])('%j within', (space) => {
    expect(troubles([ada.text, bob.text, spelt(space)])).toEqual([
      { kind: 'elsewhere', label: 'ada', base64: ada.base64, line: 3 },
    ]);
    expect(troubles([spelt(space), ada.text, bob.text], true)).toEqual([
      { kind: 'elsewhere', label: 'ada', base64: ada.base64, line: 1 },
    ]);
  });
});

describe('missing', () => {
  test.each<[string, string[] | undefined]>([
    ['no file', undefined],
    ['an empty file', []],
    ['a file of others', [hosts]],
    ['out of use', [`# ${ada.text}`, `#${bob.text}`]],
  ])('%s', (_, lines) => {
    expect(troubles(lines)).toEqual([
      { kind: 'missing', label: 'ada' },
      { kind: 'missing', label: 'bob' },
    ]);
  });
});

describe('changed', () => {
  test.each<[string, (line: string) => string]>([
    ['less restrict', (line) => line.replace('restrict,', '')],
    ['more ports', (line) => line.replace('permitopen=', 'permitopen="127.0.0.1:22",permitopen=')],
    ['another command', (line) => line.replace('/gate', '/gate2')],
    ['more time', (line) => line.replace('2026', '2036')],
    ['a byte-order mark', (line) => `\xef\xbb\xbf${line}`],
    ['one blank', (line) => line.replace(',pty,', ',pty, ')],
  ])('%s', (_, change) => {
    expect(troubles([hosts, change(ada.text), bob.text])).toEqual([
      { kind: 'changed', label: 'ada', base64: ada.base64, line: 2 },
    ]);
  });
});

describe('the key elsewhere', () => {
  test.each<[string, string[], number[]]>([
    ['above', [bare('ada'), ada.text, bob.text], [1]],
    ['below', [ada.text, bob.text, `${bare('ada')} ada@home`], [3]],
    ['with options', [ada.text, bob.text, `no-pty,command="x y" ${bare('ada')}`], [3]],
    ['as an authority', [ada.text, bob.text, '', `cert-authority ${bare('ada')}`], [4]],
    ['often', [bare('ada'), ada.text, bare('ada'), bob.text], [1, 3]],
    ['our own line, weakened', [ada.text, bob.text, ada.text.replace('restrict,', '')], [3]],
    [
      'what looks like another pairing’s',
      [ada.text, bob.text, written('ada', other).text.replace('restrict,pty,', 'pty,')],
      [3],
    ],
  ])('%s', (_, lines, at) => {
    expect(troubles(lines)).toEqual(
      at.map((line) => ({ kind: 'elsewhere', label: 'ada', base64: ada.base64, line })),
    );
  });

  test('above ours also where such lines are accepted, and where ours are gone', () => {
    expect(troubles([bare('ada'), ada.text, bob.text], true)).toEqual([
      { kind: 'elsewhere', label: 'ada', base64: ada.base64, line: 1 },
    ]);
    expect(troubles([bob.text, bare('ada')], true)).toEqual([
      { kind: 'missing', label: 'ada' },
      { kind: 'elsewhere', label: 'ada', base64: ada.base64, line: 2 },
    ]);
  });
});
