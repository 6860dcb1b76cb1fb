import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Guest } from '../../../src/domain/guest.ts';
import { type PublicKey, parsePublicKey } from '../../../src/domain/public-key.ts';
import type { SystemDoor } from '../../../src/door/system.ts';
import { kindsOf, prove } from '../../../src/entrance/proof.ts';
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

test.each([
  ['stands in the key file by then: another pairing has let them in', true],
  ['stands in no file that is known: sshd accepts it by itself', false],
])('a key that a trial finds accepted, and that %s', async (_, isGranted) => {
  const folder = mkdtempSync(join(tmpdir(), 'tp-proof-'));
  const keyFile = join(folder, 'authorized_keys');
  writeFileSync(keyFile, '');
  const door = {
    port: 22,
    known: async () => ({ asked: true, doubts: [], keyFiles: [keyFile], settings: [new Map()] }),
    depends: async () => ({ facts: [], marks: { files: {}, isFresh: true }, files: [] }),
  } as unknown as SystemDoor;
  const one = { ...guest(ed25519), reference: { text: 'ada' } } as Guest;

  const proof = await prove(door, {
    env: { XDG_CACHE_HOME: folder, HOME: folder },
    keyFile,
    guests: [one],
    offersKeys: true,
    attempt: async (_door, _kinds, offer) => {
      if (isGranted) writeFileSync(keyFile, `${ed25519.type} ${ed25519.base64}\n`);
      const logins = [{ type: 'ssh-ed25519', isIn: true, said: '' }] as const;
      return {
        ...{
          door: 'system',
          port: 22,
          milliseconds: 1,
          logins,
          log: [],
          shown: [],
          taken: [],
          environment: [],
        },
        accepted: offer,
      };
    },
  });

  expect(proof).toEqual({
    isIn: isGranted,
    doubts: isGranted ? [] : [{ kind: 'key-accepted', guest: 'ada' }],
  });
  rmSync(folder, { recursive: true });
});
