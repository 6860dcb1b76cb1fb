import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Guest } from '../../../src/domain/guest.ts';
import { type PublicKey, parsePublicKey } from '../../../src/domain/public-key.ts';
import { kindsOf } from '../../../src/session/proof.ts';
import { ed25519Line } from '../../support/keys/wire.ts';

function keyOf(line: string): PublicKey {
  const parsed = parsePublicKey(line);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusal));
  return parsed.key;
}

function rsa(bits: number): PublicKey {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({
    format: 'jwk',
  });
  const text = (bytes: Buffer) =>
    Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes]);
  const number = (value: string) => text(Buffer.concat([Buffer.from([0]), Buffer.from(value, 'base64url')]));
  const exponent = text(Buffer.from(e, 'base64url'));
  const blob = Buffer.concat([text(Buffer.from('ssh-rsa')), exponent, number(n)]);
  return keyOf(`ssh-rsa ${blob.toString('base64')}`);
}

const guest = (...keys: PublicKey[]) => ({ keys }) as unknown as Guest;
const ed25519 = keyOf(ed25519Line('x'));
const hardware = { ...ed25519, type: 'sk-ssh-ed25519@openssh.com' } as PublicKey;

test('one key of each type is tried, of RSA the shortest; none that only a security key could make', () => {
  expect(kindsOf([])).toEqual([{ type: 'ssh-ed25519' }]);
  expect(kindsOf([guest(ed25519, rsa(3072)), guest(rsa(2048), hardware)])).toEqual([
    { type: 'ssh-ed25519' },
    { type: 'ssh-rsa', bits: 2048 },
  ]);
  expect(kindsOf([guest(hardware)])).toEqual([{ type: 'ssh-ed25519' }]);
});
