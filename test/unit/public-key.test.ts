import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keyTypes, parseKeyList, parsePublicKey } from '../../src/domain/public-key.ts';
import { certified, exported, fingerprints, keygen } from '../support/keys/keygen.ts';
import { ed25519Line, line, p256Point, skLines, wire } from '../support/keys/wire.ts';

const good = [
  keygen('ed25519').publicLine,
  keygen('ecdsa', 256).publicLine,
  keygen('ecdsa', 384).publicLine,
  keygen('ecdsa', 521).publicLine,
  keygen('rsa', 2048).publicLine,
  keygen('rsa', 3072).publicLine,
  ...skLines(),
  ...skLines('ssh:colleague'),
];
const ed = good[0] ?? '';
const edBlob = Buffer.from(ed.split(' ')[1] ?? '', 'base64');
const rsa = (e: Buffer, n: Buffer) => line('ssh-rsa', wire('ssh-rsa', e, n));
const modulus = (bits: number) => {
  const n = randomBytes(bits / 8 + 1);
  n[0] = 0;
  n[1] = (n[1] ?? 0) | 0x80;
  n[n.length - 1] = (n.at(-1) ?? 0) | 1;
  return n;
};
const e = Buffer.from([1, 0, 1]);
const ec = 'ecdsa-sha2-nistp256';
const unpadded = line(ec, wire(ec, 'nistp256', p256Point())).replace(/=+$/, '');
const offCurve = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]);

describe('accepted', () => {
  test('every type, with the fingerprint that ssh-keygen gives', () => {
    const bare = good.map((text) => text.split(' ').slice(0, 2).join(' '));
    expect(new Set(bare.map((text) => text.split(' ')[0]))).toEqual(new Set(keyTypes));
    const ours = good.map((text) => {
      const parsed = parsePublicKey(text);
      return parsed.ok ? parsed.key.fingerprint : JSON.stringify(parsed.refusal);
    });
    expect(ours).toEqual(fingerprints(bare));
  });

  test.each([
    ['a comment with #(cmd) and spaces', `${ed} #(touch x) $(id)`],
    ['blanks in front and behind', `  \t${ed}  \t`],
    ['tabs between', ed.replaceAll(' ', '\t')],
    ['an RSA key of 16384 bits', rsa(e, modulus(16_384))],
  ])('%s', (_, text) => {
    const parsed = parsePublicKey(text);
    expect(parsed.ok).toBe(true);
    if (parsed.ok) expect(Object.keys(parsed.key).sort()).toEqual(['base64', 'fingerprint', 'type']);
  });
});

describe('refused', () => {
  const pair = keygen('ed25519');
  test.each<[string, string, object]>([
    ['options in front', `command="id" ${ed}`, { reason: 'options-in-front' }],
    ['a bare option in front', `restrict ${ed}`, { reason: 'options-in-front' }],
    ['a quoted option that ends in a key', `environment="${ed}`, { reason: 'options-in-front' }],
    ['a line feed inside', ed.replace(' ', '\n'), { reason: 'control-character' }],
    ['a carriage return inside', `${ed}\rno-pty`, { reason: 'control-character' }],
    ['NUL', `${ed}\0`, { reason: 'control-character' }],
    ['ANSI escapes in the comment', `${ed} \x1b[2J`, { reason: 'control-character' }],
    ['ANSI escapes in the type', `ssh-\x1b[31m ${ed}`, { reason: 'control-character' }],
    ['a certificate', certified(ed), { reason: 'certificate' }],
    ['ssh-dss', line('ssh-dss', wire('ssh-dss', 'p', 'q', 'g', 'y')), { reason: 'dsa' }],
    ['rsa of 1024 bits', keygen('rsa', 1024).publicLine, { reason: 'rsa-too-short', bits: 1024 }],
    [
      'rsa of 2047 bits',
      rsa(e, modulus(2048).fill(0x7f, 1, 2).subarray(1)),
      { reason: 'rsa-too-short', bits: 2047 },
    ],
    ['rsa of 16392 bits', rsa(e, modulus(16_392)), { reason: 'malformed', type: 'ssh-rsa' }],
    ['rsa, even exponent', rsa(Buffer.from([2]), modulus(2048)), { reason: 'malformed', type: 'ssh-rsa' }],
    ['rsa, exponent 1', rsa(Buffer.from([1]), modulus(2048)), { reason: 'malformed', type: 'ssh-rsa' }],
    [
      'rsa, exponent of 72 bits',
      rsa(Buffer.alloc(9, 0x11), modulus(2048)),
      { reason: 'malformed', type: 'ssh-rsa' },
    ],
    ['rsa, negative modulus', rsa(e, modulus(2048).subarray(1)), { reason: 'malformed', type: 'ssh-rsa' }],
    [
      'rsa, padded exponent',
      rsa(Buffer.from([0, 1, 0, 1]), modulus(2048)),
      { reason: 'malformed', type: 'ssh-rsa' },
    ],
    ['rsa, no modulus', line('ssh-rsa', wire('ssh-rsa', e)), { reason: 'malformed', type: 'ssh-rsa' }],
    ['rsa, empty modulus', rsa(e, Buffer.alloc(0)), { reason: 'malformed', type: 'ssh-rsa' }],
    ['the blob of another type', line('ssh-rsa', edBlob), { reason: 'type-mismatch', type: 'ssh-rsa' }],
    [
      'a blob whose type has escapes',
      line('ssh-ed25519', wire('\x1b[2J', '')),
      { reason: 'type-mismatch', type: 'ssh-ed25519' },
    ],
    [
      'trailing bytes',
      line('ssh-ed25519', Buffer.concat([edBlob, Buffer.from('x')])),
      { reason: 'trailing-bytes', type: 'ssh-ed25519' },
    ],
    [
      'a trailing string',
      line('ssh-ed25519', Buffer.concat([edBlob, wire('x')])),
      { reason: 'trailing-bytes', type: 'ssh-ed25519' },
    ],
    ['a cut blob', line('ssh-ed25519', edBlob.subarray(0, -1)), { reason: 'malformed', type: 'ssh-ed25519' }],
    [
      'a length beyond the blob',
      line('ssh-ed25519', Buffer.from('ffffffff', 'hex')),
      { reason: 'malformed', type: 'ssh-ed25519' },
    ],
    [
      '31 bytes of ed25519',
      line('ssh-ed25519', wire('ssh-ed25519', Buffer.alloc(31))),
      { reason: 'malformed', type: 'ssh-ed25519' },
    ],
    ['a point off the curve', line(ec, wire(ec, 'nistp256', offCurve)), { reason: 'malformed', type: ec }],
    [
      'a compressed point',
      line(ec, wire(ec, 'nistp256', Buffer.concat([Buffer.from([2]), p256Point().subarray(1, 33)]))),
      { reason: 'malformed', type: ec },
    ],
    [
      'a point of another curve',
      line(ec, wire(ec, 'nistp384', p256Point())),
      { reason: 'malformed', type: ec },
    ],
    [
      'a security key with no application',
      skLines('')[0] ?? '',
      { reason: 'malformed', type: 'sk-ssh-ed25519@openssh.com' },
    ],
    [
      'a security key with NUL in it',
      skLines('ssh:\0')[1] ?? '',
      { reason: 'malformed', type: 'sk-ecdsa-sha2-nistp256@openssh.com' },
    ],
    ['no base64', 'ssh-ed25519', { reason: 'malformed', type: 'ssh-ed25519' }],
    ['unpadded base64', unpadded, { reason: 'malformed', type: ec }],
    [
      'URL base64',
      ed.replace(/.$/, '').replace(/ AAAA/, ' AA-_'),
      { reason: 'malformed', type: 'ssh-ed25519' },
    ],
    [
      'blank inside the base64',
      ed.replace('AAAAIN', 'AAAA IN').replace('AAAAI', 'AAAA I'),
      { reason: 'malformed', type: 'ssh-ed25519' },
    ],
    ['a private key line', pair.privateText.split('\n')[0] ?? '', { reason: 'private-key' }],
    ['an unknown type', 'ssh-xmss@openssh.com AAAA', { reason: 'unknown-type' }],
    ['a look-alike type', ed.replace('ssh', 'ѕsh'), { reason: 'unknown-type' }],
    ['a no-break space in front', `\u00a0${ed}`, { reason: 'unknown-type' }],
    ['a type in capitals', ed.replace('ssh', 'SSH'), { reason: 'unknown-type' }],
    ['a bidirectional override', `\u202e ${ed}`, { reason: 'options-in-front' }],
    ['an endless word', 'x'.repeat(8000), { reason: 'unknown-type' }],
    ['many words that begin like a key', '"ssh-'.repeat(1600), { reason: 'unknown-type' }],
    ['9 kB', `${ed} ${'x'.repeat(9000)}`, { reason: 'too-long' }],
    ['nothing', '', { reason: 'unknown-type' }],
  ])('%s', (_, text, refusal) => {
    expect(parsePublicKey(text)).toEqual({ ok: false, refusal });
  });
});

describe('lists', () => {
  test('many keys: comments, blank lines, CRLF, BOM, repeats, refused lines by number', () => {
    const [a, b] = [ed25519Line('ada'), ed25519Line()];
    const text = `\ufeff# mine\r\n${a}\r\n\r\n \t\r\n  # also\r\nrestrict ${a}\n${b}\n${a} again\nnonsense here`;
    const { keys, refused } = parseKeyList(text);
    expect(keys.map((key) => `${key.type} ${key.base64}`)).toEqual([a.split(' ').slice(0, 2).join(' '), b]);
    expect(refused).toEqual([
      { line: 6, refusal: { reason: 'options-in-front' } },
      { line: 9, refusal: { reason: 'unknown-type' } },
    ]);
  });

  test.each([
    ['OpenSSH', keygen('ed25519').privateText],
    ['PEM', keygen('rsa', 2048, ['-m', 'PEM']).privateText],
    ['PKCS#8', keygen('ecdsa', 256, ['-m', 'PKCS8']).privateText],
    ['PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\n'],
    ['RFC 4716', '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n'],
  ])('a private key (%s) refuses the whole text, and none of it is echoed', (_, text) => {
    expect(parseKeyList(`${ed}\n${text}`)).toEqual({
      keys: [],
      refused: [{ line: 2, refusal: { reason: 'private-key' } }],
    });
  });

  test.each(['RFC4716', 'PKCS8', 'PEM'])('a public key in another format (%s)', (format) => {
    const text = exported(keygen('rsa', 2048).publicLine, format);
    expect(parseKeyList(text)).toEqual({
      keys: [],
      refused: [{ line: 1, refusal: { reason: 'other-format' } }],
    });
  });

  test.each(['', '\n\n', '# nothing\n', '\ufeff'])('no key at all: %j', (text) => {
    expect(parseKeyList(text)).toEqual({ keys: [], refused: [] });
  });
});
