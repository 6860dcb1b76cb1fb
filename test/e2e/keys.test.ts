import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import type { IdentityType } from '../support/identity.ts';
import { certified, exported, keygen } from '../support/keys/keygen.ts';
import { ed25519Line, line, skLines, wire } from '../support/keys/wire.ts';
import { litter } from '../support/live.ts';
import { keyFileOf, leaseLines, rooms, startPairing } from '../support/pairing.ts';

const own = '# mine\n';

test('a key of every kind that ssh-keygen makes gets in; security keys get a line that sshd takes', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const types: readonly IdentityType[] = ['ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'rsa-2048', 'rsa-3072'];
  const identities = [guest.identity, ...(await Promise.all(types.map((type) => guest.newIdentity(type))))];
  const before = stage.snapshot();
  const tokens = skLines();
  const path = await keyFileOf(stage, identities);
  const sk = await stage.writeFile('sk.pub', tokens.map((token) => `${token} on a token\r\n`).join(''));
  const host = await startPairing(stage, [path, sk]);
  expect(leaseLines(stage)).toHaveLength(identities.length + 2);

  for (const identity of identities) {
    const seat = await guest.as({ identity }).join();
    await seat.waitFor('[pair]');
    await seat.closeTerminal();
  }
  // Nobody can sign here, but sshd says whether a key would do before it wants a signature.
  for (const [index, token] of tokens.entries()) {
    const privateKeyFile = `${guest.account.home}/token${index}`;
    await guest.account.demand('sh', ['-c', `cat >${privateKeyFile}.pub`], { input: `${token}\n` });
    const identity = { ...guest.identity, privateKeyFile };
    const { stderr } = await guest.as({ identity }).run(['-v'], ['id']);
    expect(stderr).toMatch(/^debug1: Server accepts key: .* (ED25519|ECDSA)-SK SHA256:/m);
    expect(stderr).toContain('Permission denied');
  }
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  stage.expectUntouched(before);
});

/** O2: what is no key that may be let in, and what is said of it. */
function refusedKeys(): Readonly<Record<string, readonly [string, string]>> {
  const good = ed25519Line();
  const [, base64 = ''] = good.split(' ');
  const blob = Buffer.from(base64, 'base64');
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
    format: 'jwk',
  });
  const number = (text: string) => Buffer.concat([Buffer.from([0]), Buffer.from(text, 'base64url')]);
  const rsa = wire('ssh-rsa', Buffer.from(e, 'base64url'), number(n));
  const pair = keygen('ed25519');
  return {
    'options in front': [`command="/bin/sh" ${good}`, 'key 1 has options in front'],
    'a line feed within': [
      good.replace(base64, `${base64.slice(0, 20)}\n${base64.slice(20)}`),
      'key 1 is damaged',
    ],
    'a carriage return within': [`${good}\rssh-ed25519 AAAA`, 'key 1 has control characters in it'],
    'an escape sequence': [`\x1b[2J\x1b]0;owned\x07${good}`, 'key 1 has control characters in it'],
    'a certificate': [certified(good), 'key 1 is a certificate'],
    'ssh-dss': [line('ssh-dss', wire('ssh-dss', 'x')), 'key 1 is ssh-dss, which is not safe any more'],
    'rsa of 1024 bits': [line('ssh-rsa', rsa), 'key 1 is ssh-rsa with 1024 bits, and 2048 are the least'],
    'a blob of another type': [line('ssh-ed25519', rsa), 'key 1 says ssh-ed25519 but holds another'],
    'trailing bytes': [
      line('ssh-ed25519', Buffer.concat([blob, Buffer.from('x')])),
      'key 1 has bytes behind its end (ssh-ed25519)',
    ],
    'a private key': [pair.privateText, 'key 1 is a private key: never give that away'],
    'an old private key': [keygen('rsa', 2048, ['-m', 'PEM']).privateText, 'key 1 is a private key'],
    'another format': [exported(pair.publicLine, 'RFC4716'), "key 1 is in another format than OpenSSH's"],
    'no key': ['#(touch x) $(touch x) \u202egnp', 'has no public SSH keys'],
    'an unknown type': ['ssh-\u202eed25519 AAAA\x9b', 'holds no public SSH key'],
  };
}

test('O2: what is no sound key is refused by name, and nothing of it is printed raw', async () => {
  await using stage = await makeStage({ keys: own });
  const before = stage.snapshot();
  for (const [name, [text, words]] of Object.entries(refusedKeys())) {
    const path = await stage.writeFile('guest.pub', `${text}\n`);
    const { exitCode, stdout, stderr } = await stage.run([path]);
    expect({ name, exitCode, stdout }).toEqual({ name, exitCode: 3, stdout: '' });
    expect(stderr).toMatch(/^tmuxpair: error: file:[^\n]*\ntmuxpair: hint: [^\n]*\n$/);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|BEGIN/);
  }
  stage.expectUntouched(before);
  expect([litter(stage), rooms(stage), existsSync(`${stage.account.home}/x`)]).toEqual([[], [], false]);
});

test('O2: sound keys among others are let in, without their comments; the others are named', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const bad = Object.values(refusedKeys()).map(([text]) => text);
  const poison = '#(touch x) $(touch x) \x1b[31m %H #{pid}';
  // A file name is outside text, too.
  const name = '#(touch x) \x1b[31m;`touch x`';
  const certificate = bad.find((text) => text.includes('-cert-v01')) ?? '';
  const path = await stage.writeFile(
    `${name}.pub`,
    `${certificate}\n${guest.identity.publicKey} ${poison.replace('\x1b', '')}\n`,
  );
  const host = await startPairing(stage, [path]);
  const [granted = '', ...more] = leaseLines(stage);
  expect(more).toEqual([]);
  expect(granted).toMatch(/gate touch-x-31m-touch-x" ssh-ed25519 \S+ tmuxpair:\w+:touch-x-31m-touch-x$/);
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await host.waitFor('touch-x-31m-touch-x has joined');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  const said = await host.transcript();
  expect(said).toContain('left out: key 1 is a certificate');
  expect(said).toContain('\\x1b[31m');
  expect(existsSync(`${stage.account.home}/x`)).toBe(false);
  expect(readFileSync(stage.keysPath, 'utf8')).toBe(own);
});
