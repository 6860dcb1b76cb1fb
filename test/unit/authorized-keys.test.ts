import { describe, expect, test } from 'vitest';
import type { Label } from '../../src/domain/guest.ts';
import type { LeaseId } from '../../src/domain/lease-id.ts';
import { parsePublicKey } from '../../src/domain/public-key.ts';
import {
  findKey,
  isSafeToken,
  leaseLines,
  leaseLinesIn,
  withLease as putOnTop,
  withExpiry,
  withoutLease,
} from '../../src/lease/authorized-keys.ts';
import { fingerprints, keygen } from '../support/keys/keygen.ts';
import { wire } from '../support/keys/wire.ts';
import { keyOf } from '../support/keys.ts';
import { expectWithin } from '../support/soon.ts';

function withLease(...given: Parameters<typeof putOnTop>): string {
  const { top, text } = putOnTop(...given);
  return top + text;
}

const [ada, bob] = [keyOf('ada'), keyOf('bob')];
const [a, b, c] = ['aaaabbbbcccc', 'aaaaddddeeee', 'aaaaffff2222'] as LeaseId[] as [
  LeaseId,
  LeaseId,
  LeaseId,
];
const gate = (id: LeaseId) => `/run/user/1000/tmuxpair/${id}/gate`;
const lines = (id: LeaseId, ...labels: string[]) =>
  leaseLines(
    labels.map((label) => ({ label: label as Label, key: keyOf(label), number: 1 })),
    { id, gate: gate(id), expiry: '20261122181500Z', forward: [] },
  );
const [lineA = '', lineB = '', lineC = ''] = [lines(a, 'ada'), lines(b, 'bob'), lines(c, 'cyd')].map(
  ([line]) => line,
);
const hosts = `ssh-ed25519 ${keyOf('host').base64} me@here`;

describe('the line', () => {
  const grants = [{ label: 'ada' as Label, key: ada, number: 1 }];
  const line = (options: Partial<Parameters<typeof leaseLines>[1]>) =>
    leaseLines(grants, { id: a, gate: gate(a), forward: [], ...options })[0];
  const command = `command="exec /bin/sh ${gate(a)} ada"`;
  const tail = `${ada.type} ${ada.base64} tmuxpair:${a}:ada`;

  test.each<[string, Parameters<typeof line>[0], string]>([
    ['with a time', { expiry: '20261122181500Z' }, `restrict,pty,expiry-time="20261122181500Z",${command}`],
    ['without', {}, `restrict,pty,${command}`],
    [
      'with ports',
      { forward: [80, 9100] },
      'restrict,pty,port-forwarding,permitopen="127.0.0.1:80",permitopen="localhost:80",' +
        `permitopen="127.0.0.1:9100",permitopen="localhost:9100",permitlisten="127.0.0.1:1",${command}`,
    ],
    ['with every port', { forward: 'any' }, `restrict,pty,port-forwarding,${command}`],
  ])('%s', (_, options, front) => {
    expect(line(options)).toBe(`${front} ${tail}`);
  });

  test('says by the path of the gate which of the guest’s keys it is', () => {
    const number = (n: number) =>
      leaseLines([{ label: 'ada' as Label, key: ada, number: n }], {
        id: a,
        gate: gate(a),
        forward: [],
      })[0] ?? '';
    expect(number(2)).toContain(`command="exec /bin/sh /run/user/1000/tmuxpair/${a}/2/gate ada"`);
    for (const n of [1, 2, 99, 1000, 99_999])
      expect(leaseLinesIn(number(n))[0]?.folder).toBe(`/run/user/1000/tmuxpair/${a}`);
    // Versions up to 2.0 ran it by its own name.
    const old = number(2).replace('exec /bin/sh ', 'exec ');
    expect(leaseLinesIn(old)[0]?.folder).toBe(`/run/user/1000/tmuxpair/${a}`);
  });

  test.each([
    '/tmp/a b/gate',
    '/tmp/$(id)/gate',
    '/tmp/a"b/gate',
    "/tmp/a'b/gate",
    '/tmp/a\n/gate',
    '/tmp/~x/gate',
  ])('is never written for the gate %j', (path) => {
    expect(() => line({ gate: path })).toThrow('unsafe');
  });

  test('is never written for a label that is none', () => {
    const label = 'a";x' as Label;
    expect(() => leaseLines([{ label, key: ada, number: 1 }], { id: a, gate: gate(a), forward: [] })).toThrow(
      'unsafe',
    );
  });
});

test('a safe token has no character that any login shell takes for more than itself', () => {
  const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  const safe = all.filter(isSafeToken).join('');
  expect(safe).toBe('%+,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
  expect(['', 'a\n', '\na', 'a b', 'é', '日'].filter(isSafeToken)).toEqual([]);
});

describe('grant, then revoke', () => {
  test.each<[string, string | undefined, boolean]>([
    ['no file', undefined, false],
    ['no file and no folder', undefined, true],
    ['an empty file', '', false],
    ['a key', `${hosts}\n`, false],
    ['a key without a final newline', hosts, false],
    ['CRLF', `# mine\r\n${hosts}\r\n`, false],
    ['a BOM', `\xef\xbb\xbf${hosts}\n`, false],
    ['latin1 and NUL', `# \xe9\xff\0\n${hosts}`, false],
    ['blank lines only', '\n\n', false],
    ['another lease', `${lineB}\n`, false],
    ['another lease, and no final newline', lineB, false],
    ['our label in a comment', `# tmuxpair:${a}:ada\n${hosts}\n`, false],
    ['our label in the middle of a comment', `${hosts} tmuxpair:${a}:ada and more\n`, false],
    ['our label without a blank in front', `${hosts}tmuxpair:${a}:ada\n`, false],
    ['a label that only begins like ours', `${hosts} tmuxpair:${a}x:ada\n`, false],
    ['a lease id that is none', `${hosts} tmuxpair:AAAABBBBCCCC:ada\n`, false],
    ['a mark that is none', `${hosts} tmuxpair:${a}:ada created=nothing\n`, false],
  ])('over %s', (_, before, folderAbsent) => {
    const granted = withLease(before, [...lines(a, 'ada', 'bob')], folderAbsent);
    expect(granted.startsWith(lineA)).toBe(true);
    expect(granted.endsWith(before ?? '')).toBe(true);
    expect(withoutLease(granted, a)).toEqual({ text: before, folder: folderAbsent, removed: 2 });
  });

  test('of one guest leaves the others', () => {
    const granted = withLease(`${hosts}\n`, lines(a, 'ada', 'bob', 'bo'));
    const rest = withoutLease(granted, a, 'bo');
    expect(rest).toEqual({
      text: withLease(`${hosts}\n`, lines(a, 'ada', 'bob')),
      folder: false,
      removed: 1,
    });
  });

  test.each<[string, (text: string) => string, string]>([
    ['moved down', (text) => `${hosts}\n${text}`, `${hosts}\n`],
    ['moved down, and the final newline cut', (text) => `${hosts}\n${text.trimEnd()}`, `${hosts}\n`],
    ['turned into CRLF', (text) => text.replaceAll('\n', '\r\n'), ''],
    ['blanks behind', (text) => text.replaceAll('\n', ' \t\n'), ''],
    ['a BOM put in front', (text) => `\xef\xbb\xbf${text}`, ''],
    ['its options taken away', (text) => text.replace(/^.*?(ssh-)/, '$1'), ''],
  ])('finds a line that was %s', (_, edit, left) => {
    const rest = withoutLease(edit(withLease('', lines(a, 'ada'))), a);
    expect(rest).toEqual({ text: left, folder: false, removed: 1 });
  });

  test('leaves a line of ours that was made a comment, and one with a word behind', () => {
    const [comment, word] = [`# ${lineA}\n`, `${lineA} by me\n`];
    expect(withoutLease(comment + word, a)).toEqual({ text: comment + word, folder: false, removed: 0 });
  });
});

describe('a file that was not there', () => {
  const both = (first: LeaseId, second: LeaseId) => {
    const one = withoutLease(withLease(withLease(undefined, [lineA]), [lineB]), first);
    return withoutLease(one.text ?? '', second);
  };

  test('is gone again after overlapping pairings, in either order', () => {
    expect(both(a, b)).toMatchObject({ text: undefined, folder: false });
    expect(both(b, a)).toMatchObject({ text: undefined, folder: false });
  });

  test('is gone with its folder, where one of two saw neither and the other wrote first', () => {
    const first = withLease(undefined, [lineA]);
    const second = withLease(first, [lineB], true);
    for (const [one, two] of [
      [a, b],
      [b, a],
    ] as const) {
      const left = withoutLease(second, one);
      expect(withoutLease(left.text ?? '', two)).toEqual({ text: undefined, folder: true, removed: 1 });
    }
  });

  test('stays as soon as somebody else has written to it', () => {
    const granted = `${withLease(undefined, [lineA])}${hosts}\n`;
    expect(withoutLease(granted, a)).toEqual({ text: `${hosts}\n`, folder: false, removed: 1 });
    const later = withLease(granted, [lineB]);
    expect(withoutLease(later, a).text).toBe(`${lineB}\n${hosts}\n`);
    const above = `${hosts}\n${withLease(undefined, [lineA])}`;
    expect(withLease(above, [lineB])).toBe(`${lineB}\n${above}`);
  });

  test('is gone where only some lines of the lease say so', () => {
    const text = `${lineA} created=file\n${lines(a, 'bob')[0]}\n`;
    expect(withoutLease(text, a)).toEqual({ text: undefined, folder: false, removed: 2 });
  });

  test('an empty file is not taken for one', () => {
    const granted = withLease(withLease('', [lineA]), [lineB]);
    expect(withoutLease(withoutLease(granted, a).text ?? '', b)).toMatchObject({ text: '', folder: false });
  });

  test('nothing to take back is no reason to remove anything', () => {
    expect(withoutLease('', a)).toEqual({ text: '', folder: false, removed: 0 });
    const others = withLease(undefined, [lineB]);
    expect(withoutLease(others, a)).toEqual({ text: others, folder: false, removed: 0 });
  });
});

test('every lease line is found, with what a sweep wants to know', () => {
  const text = [`# x`, lineA, '', hosts, `${lineB} created=file`, `ssh-rsa AAAA tmuxpair:${c}:cyd`, ''].join(
    '\n',
  );
  expect(leaseLinesIn(text)).toEqual([
    { id: a, label: 'ada', line: 2, folder: `/run/user/1000/tmuxpair/${a}`, expiry: '20261122181500Z' },
    { id: b, label: 'bob', line: 5, folder: `/run/user/1000/tmuxpair/${b}`, expiry: '20261122181500Z' },
    { id: c, label: 'cyd', line: 6 },
  ]);
  expect(leaseLinesIn(text.replaceAll('\n', '\r\n'))).toHaveLength(3);
  expect(leaseLinesIn(lineC)).toHaveLength(1);
  expect(leaseLinesIn('')).toEqual([]);
});

describe('S15: all of a line has to be as we write it for its gate to be known', () => {
  const folder = `/run/user/1000/tmuxpair/${a}`;
  const whole = (options: string, comment = `tmuxpair:${a}:ada`) =>
    leaseLinesIn(`${options} ${ada.type} ${ada.base64} ${comment}\n`).map((line) => line.folder);
  const command = (text: string) => `restrict,pty,command="${text}"`;

  test.each<[string, string, string?]>([
    ['as it is', command(`exec /bin/sh ${folder}/gate ada`)],
    ['as it was before', command(`exec ${folder}/gate ada`)],
    ['a second key', command(`exec /bin/sh ${folder}/2/gate ada`)],
    [
      'with a time and ports',
      `restrict,pty,expiry-time="20261122181500Z",port-forwarding,permitopen="127.0.0.1:80",command="exec /bin/sh ${folder}/gate ada"`,
    ],
    ['marked', command(`exec /bin/sh ${folder}/gate ada`), `tmuxpair:${a}:ada created=folder`],
  ])('%s', (_, options, comment) => {
    expect(whole(options, comment)).toEqual([folder]);
  });

  test.each<[string, string, string?]>([
    ['no options', ''],
    ['options of the host’s', 'no-agent-forwarding'],
    ['another command', command('exec /usr/bin/backup ada')],
    ['a command around it', command(`exec /bin/sh ${folder}/gate ada; id`)],
    ['two commands', `${command(`exec /bin/sh ${folder}/gate ada`)},command="id"`],
    ['the gate of another guest', command(`exec /bin/sh ${folder}/gate bob`)],
    ['the gate of another pairing', command(`exec /bin/sh /run/user/1000/tmuxpair/${b}/gate ada`)],
    [
      'a command that another option holds',
      `restrict,environment="X=,command=exec /bin/sh ${folder}/gate ada"`,
    ],
    ['not restricted', `pty,command="exec /bin/sh ${folder}/gate ada"`],
    ['a word before the comment', command(`exec /bin/sh ${folder}/gate ada`), `me tmuxpair:${a}:ada`],
  ])('not with %s', (_, options, comment) => {
    expect(whole(options, comment)).toEqual([undefined]);
  });
});

describe('another time', () => {
  const [from, to] = ['expiry-time="20261122181500Z"', 'expiry-time="20261122191500Z"'];
  const moved = (text: string) => withExpiry(text, a, '20261122191500Z');

  test('is put into every line of the lease, and nowhere else', () => {
    const theirs = `# ${lineA}\n${from} ${hosts}\n${lineB}\n${lineA} and more\n`;
    const text = withLease(theirs, lines(a, 'ada', 'bob'));
    expect(moved(text)).toBe(
      withLease(
        theirs,
        lines(a, 'ada', 'bob').map((line) => line.replace(from, to)),
      ),
    );
    expect(moved(`${lineA}\r\n${lineB}`)).toBe(`${lineA.replace(from, to)}\r\n${lineB}`);
    expect(moved(lineA)).toBe(lineA.replace(from, to));
  });

  test('is put into no line that has none, nor into its command or comment', () => {
    const bare = lineA.replace(`${from},`, '');
    expect([bare, '', hosts, lineB].map(moved)).toEqual([bare, '', hosts, lineB]);
    const odd = bare.replace('ada"', `ada ${from.replaceAll('"', '')}"`);
    expect(moved(odd)).toBe(odd);
  });
});

describe('a key that is there already', () => {
  const { base64 } = ada;
  test.each<[string, string, { line: number; lease?: string } | undefined]>([
    ['bare', `ssh-ed25519 ${base64}\n`, { line: 1 }],
    ['in a later line', `#\n\n${hosts}\nssh-ed25519 ${base64} ada\n`, { line: 4 }],
    ['with options', `no-pty,command="x y" ssh-ed25519 ${base64}\n`, { line: 1 }],
    ['as an authority', `cert-authority ssh-ed25519 ${base64}`, { line: 1 }],
    ['expired', `expiry-time="20000101" ssh-ed25519 ${base64}`, { line: 1 }],
    ['with tabs', `\tssh-ed25519\t${base64}\tx`, { line: 1 }],
    ['with CRLF', `ssh-ed25519 ${base64}\r\n`, { line: 1 }],
    ['behind a comment that names it', `# ssh-ed25519 ${base64}\nssh-ed25519 ${base64}`, { line: 2 }],
    ['in another pairing', `${hosts}\n${lineA}\n`, { line: 2, lease: a }],
    ['only in a comment', `  # ssh-ed25519 ${base64} x\n`, undefined],
    ['only as the front of a longer one', `ssh-ed25519 ${base64}AAAA x\n`, undefined],
    ['only as the end of a longer one', `ssh-ed25519 AAAA${base64} x\n`, undefined],
    ['not at all', `${hosts}\n`, undefined],
    ['in no file', '', undefined],
  ])('%s', (_, text, found) => {
    expect(findKey(text, ada)).toEqual(found);
    expect(findKey(text, bob)).toBeUndefined();
  });

  describe('S21: in a spelling that ssh-keygen, as sshd, takes for the same', () => {
    const rsa = keygen('rsa', 2048).publicLine.split(' ')[1] ?? '';
    const ed = keygen('ed25519').publicLine.split(' ')[1] ?? '';
    const blob = Buffer.from(rsa, 'base64');
    const exponent = blob.subarray(15, 18);
    const modulus = blob.subarray(22);
    const zeros = (n: number, bytes: Buffer) => Buffer.concat([Buffer.alloc(n), bytes]);
    const spelt = (e: Buffer, n: Buffer) => wire('ssh-rsa', e, n).toString('base64');
    const split = (text: string, space: string) => `${text.slice(0, 40)}${space}${text.slice(40)}`;
    test.each<[string, string, string]>([
      ['zeros before the exponent', rsa, `ssh-rsa ${spelt(zeros(2, exponent), modulus)} x`],
      ['zeros before the modulus', rsa, `ssh-rsa ${spelt(exponent, zeros(3, modulus))}`],
      [
        'zeros before both, with options',
        rsa,
        `no-pty ssh-rsa ${spelt(zeros(1, exponent), zeros(1, modulus))}`,
      ],
      ['a form feed within', ed, `ssh-ed25519 ${split(ed, '\f')}`],
      ['a vertical tab within', ed, `ssh-ed25519 ${split(ed, '\v')} x`],
      ['a carriage return within', ed, `ssh-ed25519 ${split(ed, '\r')}\r`],
    ])('%s', (_, canonical, line) => {
      const type = canonical === rsa ? 'ssh-rsa' : 'ssh-ed25519';
      const parsed = parsePublicKey(`${type} ${canonical}`);
      if (!parsed.ok) throw new Error('no key');
      expect(fingerprints([line.replace('no-pty ', '').replace(/ x$/, '')])).toEqual([
        parsed.key.fingerprint,
      ]);
      expect(findKey(`${hosts}\n${line}\n`, parsed.key)).toEqual({ line: 2 });
      expect(findKey(`${hosts}\n# ${line}\n`, parsed.key)).toBeUndefined();
    });
  });

  test('in 100,000 lines, in no time', () => {
    const text = `${`${hosts}\n`.repeat(100_000)}ssh-ed25519 ${base64}`;
    const start = performance.now();
    expect(findKey(text, ada)).toEqual({ line: 100_001 });
    const granted = withLease(text, [lineB]);
    expect(withoutLease(granted, b).text).toBe(text);
    expect(leaseLinesIn(granted)).toHaveLength(1);
    expectWithin(performance.now() - start, 1000);
  });
});

describe('a key that leads to a gate of ours', () => {
  const root = '/run/user/1000/tmuxpair';
  const ours = [
    lineA,
    ...leaseLines([{ label: 'x' as Label, key: ada, number: 2 }], { id: b, gate: gate(b), forward: [80] }),
    ...leaseLines([{ label: 'x' as Label, key: ada, number: 1 }], { id: b, gate: gate(b), forward: 'any' }),
  ];
  test.each(ours)('does not count: %s', (line) => {
    expect(findKey(`${hosts}\n${line}\n`, ada, root)).toBeUndefined();
    expect(findKey(`${line}\nssh-ed25519 ${ada.base64}\n`, ada, root)).toEqual({ line: 2 });
    expect(findKey(`${line}\n`, ada, '/run/user/1001/tmuxpair')).toMatchObject({ line: 1 });
  });

  test.each([
    lineA.replace(root, '/tmp/tmuxpair'),
    lineA.replace('exec ', 'sh; exec '),
    lineA.replace('/gate ', '/gates '),
    lineA.replace(' ada"', ' ada; sh"'),
    lineA.replace('restrict,', ''),
    lineA.replace('restrict,', 'restrict,environment="BASH_ENV=/tmp/x",'),
    lineA.replace('restrict,', 'cert-authority,'),
    lineA.replace(/^.*(?=ssh-ed25519)/, ''),
  ])('imitated, counts: %s', (line) => {
    expect(line).toMatch(/tmuxpair:aaaabbbbcccc:ada$/);
    expect(findKey(`${line}\n`, ada, root)).toMatchObject({ line: 1 });
  });
});
