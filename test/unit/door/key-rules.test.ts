import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Guest, Label } from '../../../src/domain/guest.ts';
import { type PublicKey, parsePublicKey, rsaBits } from '../../../src/domain/public-key.ts';
import { keyObstacles, keyRulesIn, typesRefused } from '../../../src/door/key-rules.ts';
import { parseSettings } from '../../../src/door/sshd-settings.ts';
import { keygen } from '../../support/keys/keygen.ts';
import { skLines } from '../../support/keys/wire.ts';

const read = (line = ''): PublicKey => {
  const parsed = parsePublicKey(line);
  if (!parsed.ok) throw new Error(parsed.refusal.reason);
  return parsed.key;
};
const rsa = read(keygen('rsa', 2048).publicLine);
const ecdsa = read(keygen('ecdsa', 384).publicLine);
const ed25519 = read(keygen('ed25519').publicLine);
const [skEd25519, skEcdsa] = skLines().map(read) as [PublicKey, PublicKey];

const guest = (...keys: PublicKey[]): Guest => ({
  reference: { provider: 'file', name: '/g.pub', text: 'file:/g.pub' },
  label: 'g' as Label,
  access: 'read-only',
  keys: keys as unknown as Guest['keys'],
});
const rules = (text: string, when?: string) => [
  keyRulesIn({ settings: parseSettings(`${text}\n`), ...(when === undefined ? {} : { when }) }),
];
const found = (text: string, ...keys: PublicKey[]) =>
  keyObstacles(rules(text), [guest(...keys)]).map(({ kind }) => kind);

test('the length of an RSA key is what ssh-keygen was told', () => {
  expect([rsa, read(keygen('rsa', 3072).publicLine)].map(rsaBits)).toEqual([2048, 3072]);
});

test('silence accepts all, and so does what sshd has by default', () => {
  const all = [rsa, ecdsa, ed25519, skEd25519, skEcdsa];
  const usual =
    'ssh-ed25519-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,ssh-ed25519,sk-ecdsa-sha2-nistp256@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,rsa-sha2-512,rsa-sha2-256';
  expect(found('', ...all)).toEqual([]);
  expect(found(`pubkeyacceptedalgorithms ${usual}\nrequiredrsasize 1024`, ...all)).toEqual([]);
});

test('security keys that need not ask for a PIN are refused where each has to, and it is said by what', () => {
  const [refused] = keyObstacles(rules('pubkeyauthoptions verify-required'), [guest(ed25519, skEd25519)]);
  expect(refused).toMatchObject({
    kind: 'some-keys-refused',
    types: ['sk-ssh-ed25519@openssh.com'],
    setting: 'PubkeyAuthOptions verify-required',
  });
  expect(found('pubkeyauthoptions touch-required', skEd25519, skEcdsa)).toEqual([]);
});

test.each([
  ['pubkeyacceptedalgorithms ecdsa-sha2-nistp384,rsa-sha2-512', ed25519],
  ['pubkeyacceptedkeytypes ecdsa-sha2-*,rsa-*', ed25519],
  ['pubkeyacceptedalgorithms *,!ssh-ed25519', ed25519],
  ['pubkeyacceptedalgorithms -ssh-ed25519', ed25519],
  ['pubkeyacceptedalgorithms ssh-ed25519', skEd25519],
  ['pubkeyacceptedalgorithms ssh-ed25519,ssh-ed25519-cert-v01@openssh.com', rsa],
  ['pubkeyacceptedalgorithms ecdsa-sha2-nistp256', ecdsa],
  ['pubkeyacceptedalgorithms ecdsa-sha2-*', skEcdsa],
  ['pubkeyauthoptions verify-required', skEd25519],
  ['pubkeyauthoptions touch-required verify-required', skEcdsa],
  ['requiredrsasize 4096', rsa],
  ['rsaminsize 3072', rsa],
])('%s refuses such a key, and tells when it is one of several', (text, key) => {
  expect(found(text, key)).toEqual(['keys-refused']);
  const other = [rsa, ecdsa, ed25519, skEd25519, skEcdsa].find((one) => found(text, one).length === 0);
  if (other) expect(found(text, key, other)).toEqual(['some-keys-refused']);
});

test.each([
  'rsa-sha2-256',
  'rsa-sha2-512',
  'ssh-rsa',
  'ssh-*',
  '*',
  '+ssh-dss',
  '^ssh-ed25519',
  'rsa-sha2-???',
])('%s is enough for an RSA key', (list) => {
  expect(found(`pubkeyacceptedalgorithms ${list}`, rsa)).toEqual([]);
});

test('what refuses them is named: the setting, the types, the length, the block', () => {
  expect(keyObstacles(rules('pubkeyacceptedkeytypes rsa-sha2-512'), [guest(ed25519, rsa)])).toEqual([
    {
      kind: 'some-keys-refused',
      guest: 'file:/g.pub',
      types: ['ssh-ed25519'],
      setting: 'PubkeyAcceptedKeyTypes',
    },
  ]);
  const when = 'Match Address 10.0.0.0/8';
  expect(keyObstacles([...rules(''), ...rules('requiredrsasize 4096', when)], [guest(rsa)])).toEqual([
    {
      kind: 'keys-refused',
      guest: 'file:/g.pub',
      types: ['ssh-rsa'],
      rsaBits: 4096,
      setting: 'RequiredRSASize',
      when,
    },
  ]);
});

test('without a guest the usual types are compared', () => {
  expect(typesRefused(rules(''))).toEqual([]);
  expect(typesRefused(rules('pubkeyacceptedalgorithms ssh-ed25519,ecdsa-*,sk-*'))).toEqual([
    { kind: 'some-keys-refused', types: ['ssh-rsa'], setting: 'PubkeyAcceptedAlgorithms' },
  ]);
  expect(typesRefused(rules('pubkeyacceptedalgorithms ssh-dss'))).toMatchObject([{ kind: 'keys-refused' }]);
});

test.each(['a list of keys', 'a KRL'])('keys that are refused by name: %s', (how) => {
  const folder = mkdtempSync(join(tmpdir(), 'tp-revoked-'));
  try {
    const [list, krl] = [join(folder, 'list'), join(folder, 'krl')];
    writeFileSync(list, `${ecdsa.type} ${ecdsa.base64} old\n`);
    execFileSync('ssh-keygen', ['-q', '-k', '-f', krl, list]);
    const path = how === 'a KRL' ? krl : list;
    const text = `revokedkeys ${path}`;
    expect(found(text, ed25519)).toEqual([]);
    expect(found(text, ecdsa)).toEqual(['keys-refused']);
    expect(keyObstacles(rules(text), [guest(ed25519, ecdsa)])).toMatchObject([
      { kind: 'some-keys-refused', types: ['ecdsa-sha2-nistp384'], setting: `RevokedKeys ${path}` },
    ]);
    writeFileSync(path, '');
    expect(found(text, ecdsa)).toEqual([]);
    expect(found('revokedkeys none', ecdsa)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
