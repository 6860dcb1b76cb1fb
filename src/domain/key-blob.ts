import { ECDH } from 'node:crypto';

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

/** What is wrong with a blob. */
export type BlobProblem =
  | { readonly reason: 'malformed' }
  | { readonly reason: 'type-mismatch' }
  | { readonly reason: 'trailing-bytes' }
  | { readonly reason: 'rsa-too-short'; readonly bits: number };

/** sshd accepts 1024; 2048 is what the forges and NIST ask for today. */
const shortestRsaBits = 2048;
/** OpenSSH's largest big number (SSHBUF_MAX_BIGNUM). */
const longestRsaBits = 16_384;
/** OpenSSL's largest exponent for moduli above 3072 bits. */
const longestExponentBits = 64;

/**
 * What keeps `blob` from being a key of `type`; `undefined` if it is one, to the last byte. Wire format: RFC 4253
 * (rsa), 5656 (ecdsa), 8709 (ed25519) and OpenSSH's PROTOCOL.u2f (sk-*).
 */
export function problemOfBlob(type: KeyType, blob: Buffer): BlobProblem | undefined {
  const malformed = { reason: 'malformed' } as const;
  const count = fieldCount(type);
  const { strings, rest } = stringsOf(blob, count);
  const [name, a, b, c] = strings;
  if (!name) return malformed;
  if (name.toString('latin1') !== type) return { reason: 'type-mismatch' };
  if (strings.length < count) return malformed;
  if (rest > 0) return { reason: 'trailing-bytes' };
  switch (type) {
    case 'ssh-ed25519':
      return a?.length === 32 ? undefined : malformed;
    case 'sk-ssh-ed25519@openssh.com':
      return a?.length === 32 && isApplication(b) ? undefined : malformed;
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return isPoint(type.slice('ecdsa-sha2-'.length), a, b) ? undefined : malformed;
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return isPoint('nistp256', a, b) && isApplication(c) ? undefined : malformed;
    case 'ssh-rsa':
      return problemOfRsa(mpint(a), mpint(b));
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

/** The whole strings (u32 length, bytes) at the front of `blob`, at most `most`; `rest` counts the bytes after them. */
function stringsOf(blob: Buffer, most: number): { strings: Buffer[]; rest: number } {
  const strings: Buffer[] = [];
  let at = 0;
  while (strings.length < most && at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) break;
    strings.push(blob.subarray(at + 4, end));
    at = end;
  }
  return { strings, rest: blob.length - at };
}

function isApplication(bytes: Buffer | undefined): boolean {
  return bytes !== undefined && bytes.length > 0 && !bytes.includes(0);
}

const curves: Readonly<Record<string, { readonly openssl: string; readonly pointLength: number }>> = {
  nistp256: { openssl: 'prime256v1', pointLength: 65 },
  nistp384: { openssl: 'secp384r1', pointLength: 97 },
  nistp521: { openssl: 'secp521r1', pointLength: 133 },
};

/** An uncompressed point (0x04 in front) that lies on the named curve. */
function isPoint(curve: string, named: Buffer | undefined, point: Buffer | undefined): boolean {
  const known = curves[curve];
  if (!known || named?.toString('latin1') !== curve) return false;
  if (point?.length !== known.pointLength || point[0] !== 4) return false;
  try {
    ECDH.convertKey(point, known.openssl);
    return true;
  } catch {
    return false;
  }
}

function problemOfRsa(e: bigint | undefined, n: bigint | undefined): BlobProblem | undefined {
  if (e === undefined || n === undefined || e < 3n || e % 2n === 0n || n % 2n === 0n)
    return { reason: 'malformed' };
  const bits = bitLength(n);
  if (bits > longestRsaBits || bitLength(e) > longestExponentBits) return { reason: 'malformed' };
  return bits >= shortestRsaBits ? undefined : { reason: 'rsa-too-short', bits };
}

/**
 * The canonical blob of an RSA key that sshd reads: sshd also accepts numbers with zero bytes in front. `undefined` if
 * it is not an RSA key.
 */
export function canonicalRsa(blob: Buffer): Buffer | undefined {
  const { strings, rest } = stringsOf(blob, 3);
  const [name, ...numbers] = strings;
  if (name?.toString('latin1') !== 'ssh-rsa' || numbers.length < 2 || rest > 0) return undefined;
  const field = (bytes: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  };
  return Buffer.concat([name, ...numbers.map(canonicalNumber)].flatMap(field));
}

function canonicalNumber(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const plain = bytes.subarray(first === -1 ? bytes.length : first);
  return (plain[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), plain]) : plain;
}

function bitLength(n: bigint): number {
  return n.toString(2).length;
}

/** A positive multi-precision integer in its one canonical form (RFC 4251 section 5), else `undefined`. */
function mpint(bytes: Buffer | undefined): bigint | undefined {
  const [first, second] = bytes ?? [];
  if (!bytes || first === undefined || first >= 0x80) return undefined;
  if (first === 0 && (second === undefined || second < 0x80)) return undefined;
  return BigInt(`0x${bytes.toString('hex')}`);
}
