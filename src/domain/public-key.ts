import { createHash } from 'node:crypto';
import { type BlobProblem, canonicalRsa, type KeyType, keyTypes, problemOfBlob } from './key-blob.ts';

export { type KeyType, keyTypes };

/** `SHA256:` and the unpadded base64 of the SHA-256 of a key's blob, as `ssh-keygen -l` prints it. */
export type Fingerprint = string & { readonly __brand: 'Fingerprint' };

/** A checked public key. Its base64 is canonical, so equal keys have equal base64. No comment, no options. */
export interface PublicKey {
  readonly type: KeyType;
  readonly base64: string;
  readonly fingerprint: Fingerprint;
}

/** Why a line is no key that may be let in. Holds nothing of the line itself, which may be of any file. */
export type KeyRefusal =
  | { readonly reason: 'private-key' }
  | { readonly reason: 'control-character' }
  | { readonly reason: 'too-long' }
  | { readonly reason: 'options-in-front' }
  | { readonly reason: 'other-format' }
  | { readonly reason: 'certificate' }
  | { readonly reason: 'dsa' }
  | { readonly reason: 'unknown-type' }
  | { readonly reason: 'malformed'; readonly type: KeyType }
  | { readonly reason: 'type-mismatch'; readonly type: KeyType }
  | { readonly reason: 'trailing-bytes'; readonly type: KeyType }
  | { readonly reason: 'rsa-too-short'; readonly bits: number };

export type ParsedKey =
  | { readonly ok: true; readonly key: PublicKey }
  | { readonly ok: false; readonly refusal: KeyRefusal };

/** sshd(8) documents 8 kB a line; an RSA key of 16384 bits takes 2.8 kB. */
const longestLine = 8192;

const privateKey = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|---- BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File-\d/;
/** PEM, PKCS#8 and RFC 4716 public keys: `ssh-keygen -i` turns them into a line. */
const otherFormat = /^[ \t]*-----BEGIN |^[ \t]*---- BEGIN SSH2 /;

/**
 * Reads one `type base64 [comment]` line, without its line end. Drops the comment. Strict: the blob must be exactly
 * what its type says, to the last byte.
 */
export function parsePublicKey(line: string): ParsedKey {
  if (line.length > longestLine) return no({ reason: 'too-long' });
  if (privateKey.test(line)) return no({ reason: 'private-key' });
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) return no({ reason: 'control-character' });
  if (otherFormat.test(line)) return no({ reason: 'other-format' });
  const [type = '', base64 = ''] = line.replace(/^[ \t]+/, '').split(/[ \t]+/);
  if (/-cert-v\d+@openssh\.com$/.test(type)) return no({ reason: 'certificate' });
  if (type === 'ssh-dss') return no({ reason: 'dsa' });
  if (!isKeyType(type))
    return no(looksLikeOptions(line) ? { reason: 'options-in-front' } : { reason: 'unknown-type' });

  const blob = Buffer.from(base64, 'base64');
  if (base64 === '' || blob.toString('base64') !== base64) return no({ reason: 'malformed', type });
  const problem = problemOfBlob(type, blob);
  if (problem) return no(refusalOf(type, problem));
  return { ok: true, key: keyOf(type, base64) };
}

/** What the base64 of an RSA key begins with, however its numbers are written. */
export const rsaStart = 'AAAAB3NzaC1yc2E';

/** What it begins with up to the first byte of its modulus, if its exponent is the usual one in its canonical form. */
const usualStart = 'AAAAB3NzaC1yc2EAAAADAQAB';

/**
 * Whether the base64 of an RSA key, as it stands in a file, is another spelling of the canonical one that sshd takes
 * for the same: the numbers in it may have zero bytes in front.
 */
export function isSpelling(base64: string, canonical: string): boolean {
  if (base64 === canonical || isUsual(base64)) return false;
  return canonicalRsa(Buffer.from(base64, 'base64'))?.toString('base64') === canonical;
}

/** Whether it is canonical, as nearly all are: its beginning tells. */
function isUsual(base64: string): boolean {
  if (!base64.startsWith(usualStart)) return false;
  const [first = 0, second = 0] = Buffer.from(
    base64.slice(usualStart.length, usualStart.length + 8),
    'base64',
  ).subarray(4);
  return first === 0 && second >= 0x80;
}

/**
 * The fingerprint is computed when first asked for: Node takes some ms to load its hashes, and nobody is let in by it.
 */
function keyOf(type: KeyType, base64: string): PublicKey {
  let fingerprint: Fingerprint | undefined;
  return {
    type,
    base64,
    get fingerprint() {
      fingerprint ??= fingerprintOf(base64);
      return fingerprint;
    },
  };
}

function fingerprintOf(base64: string): Fingerprint {
  const digest = createHash('sha256').update(base64, 'base64').digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}` as Fingerprint;
}

/**
 * Reads a list of keys as `ssh-add -L`, a `.pub` file or a forge's `.keys` page gives it: one per line, with blank
 * lines and `#` comments in between, LF or CRLF. Returns equal keys once. Line numbers are 1-based. A private key, or a
 * key in another format, refuses the whole text, and its line is the one reported.
 */
export function parseKeyList(text: string): {
  keys: PublicKey[];
  refused: { line: number; refusal: KeyRefusal }[];
} {
  const keys = new Map<string, PublicKey>();
  const refused: { line: number; refusal: KeyRefusal }[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (privateKey.test(line)) return whole(index, { reason: 'private-key' });
    if (otherFormat.test(line)) return whole(index, { reason: 'other-format' });
    if (/^[ \t]*(#|$)/.test(line)) continue;
    const parsed = parsePublicKey(line);
    if (parsed.ok) keys.set(parsed.key.base64, parsed.key);
    else refused.push({ line: index + 1, refusal: parsed.refusal });
  }
  return { keys: [...keys.values()], refused };
}

function whole(index: number, refusal: KeyRefusal): ReturnType<typeof parseKeyList> {
  return { keys: [], refused: [{ line: index + 1, refusal }] };
}

function no(refusal: KeyRefusal): ParsedKey {
  return { ok: false, refusal };
}

function refusalOf(type: KeyType, problem: BlobProblem): KeyRefusal {
  switch (problem.reason) {
    case 'rsa-too-short':
      return problem;
    case 'type-mismatch':
    case 'malformed':
    case 'trailing-bytes':
      return { ...problem, type };
  }
}

function isKeyType(type: string): type is KeyType {
  return (keyTypes as readonly string[]).includes(type);
}

function looksLikeOptions(line: string): boolean {
  return /^[ \t]*[^ \t].*?[ \t"](ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+[ \t]+AAAA/.test(line);
}

/** The length of an RSA key's modulus, in bits. */
export function rsaBits({ base64 }: PublicKey): number {
  const blob = Buffer.from(base64, 'base64');
  const lengthAt = (at: number): number => blob.readUInt32BE(at);
  const exponent = 4 + lengthAt(0);
  const modulus = exponent + 4 + lengthAt(exponent);
  const bytes = blob.subarray(modulus + 4, modulus + 4 + lengthAt(modulus));
  const at = bytes.findIndex((byte) => byte !== 0);
  return (bytes.length - at) * 8 - Math.clz32(bytes[at] ?? 0) + 24;
}
