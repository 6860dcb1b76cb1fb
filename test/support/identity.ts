import { readFile } from 'node:fs/promises';
import type { Account } from './account.ts';

/** What `ssh-keygen` can make without a security key. The number is the size in bits. */
export type IdentityType = 'ed25519' | 'ecdsa-256' | 'ecdsa-384' | 'ecdsa-521' | 'rsa-2048' | 'rsa-3072';

/** An unencrypted key pair in a guest's home. */
export interface Identity {
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
  /** `ssh-ed25519 AAAA…`, without a comment and without an end of line. */
  readonly publicKey: string;
  /** `SHA256:…`, from ssh-keygen. */
  readonly fingerprint: string;
}

/** Makes a key pair with `ssh-keygen`. */
export async function makeIdentity(owner: Account, type: IdentityType = 'ed25519'): Promise<Identity> {
  const [algorithm = '', bits] = type.split('-');
  const folder = (await owner.demand('mktemp', ['-d', `${owner.home}/.ssh/id-XXXXXX`])).trim();
  const file = `${folder}/${algorithm}`;
  const size = bits === undefined ? [] : ['-b', bits];
  await owner.demand('ssh-keygen', ['-q', '-t', algorithm, ...size, '-N', '', '-C', 'a comment', '-f', file]);
  const [name = '', base64 = ''] = (await readFile(`${file}.pub`, 'utf8')).split(/\s+/);
  const print = await owner.demand('ssh-keygen', ['-lf', `${file}.pub`]);
  return {
    privateKeyFile: file,
    publicKeyFile: `${file}.pub`,
    publicKey: `${name} ${base64}`,
    fingerprint: print.split(' ')[1] ?? '',
  };
}
