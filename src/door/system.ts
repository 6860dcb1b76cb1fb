/** The `system` door: the sshd that this machine runs, and the account's own `authorized_keys`. */
import { hostname, userInfo } from 'node:os';
import { execa } from 'execa';
import { type Fingerprint, parsePublicKey } from '../domain/public-key.ts';

export interface HostKey {
  readonly type: string;
  readonly fingerprint: Fingerprint;
}

/** What a guest needs to come in. */
export interface Address {
  /** To be pasted by the guest, e.g. `ssh -p 2222 me@host`. */
  readonly command: string;
  readonly hostKeys: readonly HostKey[];
  /** Whether an sshd answers there, seen from this machine. */
  readonly answers: boolean;
}

/**
 * Asks the sshd on this machine's port for its host keys, which also tells whether one answers.
 * @param host what the guest is to call this machine; its host name, unless given
 */
export async function systemAddress(options: { host?: string | undefined; port: number }): Promise<Address> {
  const host = options.host ?? hostname();
  const port = options.port === 22 ? '' : `-p ${options.port} `;
  const hostKeys = await scanHostKeys(options.port);
  return { command: `ssh ${port}${userInfo().username}@${host}`, hostKeys, answers: hostKeys.length > 0 };
}

async function scanHostKeys(port: number): Promise<HostKey[]> {
  const { stdout = '' } = await execa('ssh-keyscan', ['-T', '2', '-p', String(port), '127.0.0.1'], {
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 3000,
  });
  return stdout.split('\n').flatMap((line) => {
    const parsed = parsePublicKey(line.slice(line.indexOf(' ') + 1));
    return parsed.ok ? [{ type: parsed.key.type, fingerprint: parsed.key.fingerprint }] : [];
  });
}
