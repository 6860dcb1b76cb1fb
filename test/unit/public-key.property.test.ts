import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePublicKey } from '../../src/domain/public-key.ts';
import { fingerprints, keygen } from '../support/keys/keygen.ts';
import { line, skLines } from '../support/keys/wire.ts';

const seeds = [
  keygen('ed25519').publicLine,
  keygen('ecdsa', 256).publicLine,
  keygen('ecdsa', 521).publicLine,
  keygen('rsa', 2048).publicLine,
  ...skLines(),
].map((text) => {
  const [type = '', base64 = ''] = text.split(' ');
  return { type, blob: Buffer.from(base64, 'base64') };
});

const position = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const bytes = fc.uint8Array({ maxLength: 6 });
/** Replaces, removes or inserts a few bytes anywhere: lengths, names and numbers alike. */
const mutation = fc.record({
  seed: fc.constantFrom(...seeds),
  edits: fc.array(fc.record({ position, cut: fc.nat({ max: 3 }), bytes }), { maxLength: 2 }),
});

test('what is accepted is what ssh-keygen reads, with the same fingerprint, however the blob is mangled', () => {
  let accepted = 0;
  let total = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 100, maxLength: 200 }), (mutations) => {
      const lines = mutations.map(({ seed, edits }) => {
        let blob = seed.blob;
        for (const edit of edits) {
          const at = Math.floor(edit.position * blob.length);
          blob = Buffer.concat([blob.subarray(0, at), edit.bytes, blob.subarray(at + edit.cut)]);
        }
        return line(seed.type, blob);
      });
      const theirs = fingerprints(lines);
      for (const [index, text] of lines.entries()) {
        const ours = parsePublicKey(text);
        total++;
        if (!ours.ok) continue;
        accepted++;
        expect(ours.key.fingerprint, text).toBe(theirs[index]);
      }
    }),
    { numRuns: 25 },
  );
  expect(accepted).toBeGreaterThan(total / 20);
});
