import { createHash } from 'node:crypto';
import { type PublicKey, parsePublicKey } from '../../src/domain/public-key.ts';

/** An ed25519 public key that `seed` alone determines. Nobody has its private half. */
export function keyOf(seed: string): PublicKey {
  const name = Buffer.from('ssh-ed25519');
  const point = createHash('sha256').update(seed).digest();
  const blob = Buffer.concat([length(name), name, length(point), point]);
  const parsed = parsePublicKey(`ssh-ed25519 ${blob.toString('base64')}`);
  if (!parsed.ok) throw new Error(parsed.refusal.reason);
  return parsed.key;
}

function length(bytes: Buffer): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32BE(bytes.length);
  return field;
}
