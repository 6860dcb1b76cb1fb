import { createHash } from 'node:crypto';

/** `SHA256:` and the unpadded base64 of the SHA-256 of a key's blob, as `ssh-keygen -l` prints it. */
export type Fingerprint = string & { readonly __brand: 'Fingerprint' };

export const keyTypes = [
  'ssh-ed25519',
  'sk-ssh-ed25519@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-rsa',
] as const;
export type KeyType = (typeof keyTypes)[number];

/** A checked public key. Its base64 is canonical, so equal keys have equal base64. No comment, no options. */
export interface PublicKey {
  readonly type: KeyType;
  readonly base64: string;
  readonly fingerprint: Fingerprint;
}

/** Why a line is no key that may be let in. `type` is outside text where it is given. */
export type KeyRefusal =
  | { readonly reason: 'private-key' }
  | { readonly reason: 'control-character' }
  | { readonly reason: 'too-long' }
  | { readonly reason: 'options-in-front' }
  | { readonly reason: 'certificate'; readonly type: string }
  | { readonly reason: 'dsa' }
  | { readonly reason: 'unknown-type'; readonly type: string }
  | { readonly reason: 'malformed'; readonly type: string }
  | { readonly reason: 'type-mismatch'; readonly type: string; readonly inside: string }
  | { readonly reason: 'trailing-bytes'; readonly type: string }
  | { readonly reason: 'rsa-too-short'; readonly bits: number };

export type ParsedKey =
  | { readonly ok: true; readonly key: PublicKey }
  | { readonly ok: false; readonly refusal: KeyRefusal };

/** sshd(8) documents 8 kB a line; an RSA key of 16384 bits takes 2.8 kB. */
const longestLine = 8192;
const shortestRsaBits = 2048;

/**
 * Reads one `type base64 [comment]` line, without its end of line. The comment is dropped.
 * Strict: the blob must be exactly what its type says, to the last byte (wire format: RFC 4251, 4253,
 * 5656, 8709 and OpenSSH's PROTOCOL.u2f).
 */
export function parsePublicKey(line: string): ParsedKey {
  if (line.length > longestLine) return no({ reason: 'too-long' });
  if (/-----BEGIN|PuTTY-User-Key-File/.test(line)) return no({ reason: 'private-key' });
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) return no({ reason: 'control-character' });
  const [type = '', base64 = ''] = line.trim().split(/[ \t]+/);
  if (/-cert-v\d+@openssh\.com$/.test(type)) return no({ reason: 'certificate', type });
  if (type === 'ssh-dss') return no({ reason: 'dsa' });
  if (!isKeyType(type))
    return no(looksLikeOptions(line) ? { reason: 'options-in-front' } : { reason: 'unknown-type', type });

  const blob = Buffer.from(base64, 'base64');
  if (base64 === '' || blob.toString('base64') !== base64) return no({ reason: 'malformed', type });
  const refusal = refusalOfBlob(type, blob);
  if (refusal) return no(refusal);
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { ok: true, key: { type, base64, fingerprint: `SHA256:${digest}` as Fingerprint } };
}

/**
 * Reads a list of keys as `ssh-add -L`, a `.pub` file or a forge's `.keys` page gives it: one a line,
 * blank lines and `#` comments between, LF or CRLF. Equal keys are given once. Line numbers are 1-based.
 */
export function parseKeyList(text: string): {
  keys: PublicKey[];
  refused: { line: number; refusal: KeyRefusal }[];
} {
  const keys = new Map<string, PublicKey>();
  const refused: { line: number; refusal: KeyRefusal }[] = [];
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File/m.test(text)) {
    return { keys: [], refused: [{ line: 1, refusal: { reason: 'private-key' } }] };
  }
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^[ \t]*(#|$)/.test(line)) continue;
    const parsed = parsePublicKey(line);
    if (parsed.ok) keys.set(parsed.key.base64, parsed.key);
    else refused.push({ line: index + 1, refusal: parsed.refusal });
  }
  return { keys: [...keys.values()], refused };
}

function no(refusal: KeyRefusal): ParsedKey {
  return { ok: false, refusal };
}

function isKeyType(type: string): type is KeyType {
  return (keyTypes as readonly string[]).includes(type);
}

function looksLikeOptions(line: string): boolean {
  return /(^|[\s"])(ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+[ \t]+AAAA/.test(line);
}

function refusalOfBlob(type: KeyType, blob: Buffer): KeyRefusal | undefined {
  const malformed = { reason: 'malformed', type } as const;
  const fields = stringsOf(blob, fieldCount(type));
  if (!fields) return malformed;
  const [name = Buffer.alloc(0), ...rest] = fields.strings;
  const inside = name.toString('latin1');
  if (inside !== type) return { reason: 'type-mismatch', type, inside };
  if (rest.length !== fieldCount(type) - 1) return malformed;
  if (fields.trailing > 0) return { reason: 'trailing-bytes', type };
  switch (type) {
    case 'ssh-ed25519':
      return rest[0]?.length === 32 ? undefined : malformed;
    case 'sk-ssh-ed25519@openssh.com':
      return rest[0]?.length === 32 && rest[1]?.length ? undefined : malformed;
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return isPoint(type.slice('ecdsa-sha2-'.length), rest[0], rest[1]) ? undefined : malformed;
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return isPoint('nistp256', rest[0], rest[1]) && rest[2]?.length ? undefined : malformed;
    case 'ssh-rsa': {
      const [e, n] = [mpint(rest[0]), mpint(rest[1])];
      if (e === undefined || n === undefined || e < 3n || e % 2n === 0n || n % 2n === 0n) return malformed;
      const bits = n.toString(2).length;
      return bits >= shortestRsaBits ? undefined : { reason: 'rsa-too-short', bits };
    }
  }
}

function fieldCount(type: KeyType): number {
  switch (type) {
    case 'ssh-ed25519':
      return 2;
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return 4;
    default:
      return 3;
  }
}

/**
 * The first `most` strings (u32 length, bytes) of a blob, fewer if their type name already differs from what
 * was asked and the rest does not follow the same form; `trailing` counts the bytes behind them.
 */
function stringsOf(blob: Buffer, most: number): { strings: Buffer[]; trailing: number } | undefined {
  const strings: Buffer[] = [];
  let at = 0;
  while (strings.length < most && at < blob.length) {
    if (at + 4 > blob.length) return strings.length > 0 ? { strings, trailing: blob.length - at } : undefined;
    const length = blob.readUInt32BE(at);
    if (at + 4 + length > blob.length)
      return strings.length > 0 ? { strings, trailing: blob.length - at } : undefined;
    strings.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { strings, trailing: blob.length - at };
}

const pointLength: Readonly<Record<string, number>> = { nistp256: 65, nistp384: 97, nistp521: 133 };

/** An uncompressed point (0x04 in front) of the named curve. */
function isPoint(curve: string, named: Buffer | undefined, point: Buffer | undefined): boolean {
  return named?.toString('latin1') === curve && point?.length === pointLength[curve] && point?.[0] === 4;
}

/** A positive multi-precision integer in its one canonical form (RFC 4251 section 5), else undefined. */
function mpint(bytes: Buffer | undefined): bigint | undefined {
  const [first, second] = bytes ?? [];
  if (!bytes || first === undefined || first >= 0x80) return undefined;
  if (first === 0 && (second === undefined || second < 0x80)) return undefined;
  return BigInt(`0x${bytes.toString('hex')}`);
}
