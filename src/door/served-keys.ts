/** The host keys that an sshd shows to those who connect. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import type { Settings } from '../domain/sshd-settings.ts';
import { capture } from '../spawn/capture.ts';
import { namesIn } from '../system/names-in.ts';

const usualFolder = '/etc/ssh';

/** The public halves of the host keys that its settings name, read from beside the private ones. */
export function hostKeysIn(settings: Settings): PublicKey[] {
  return (settings.get('hostkey') ?? []).flatMap((path) => publicKeyIn(`${path}.pub`) ?? []);
}

/**
 * The host keys that belong to a key which was seen to be shown: if the usual folder has it, all in that folder; else
 * that one. A connection can't give all of them: each shows one.
 */
export function hostKeysWith(seen: readonly PublicKey[]): PublicKey[] {
  const usual = namesIn(usualFolder)
    .sort()
    .filter((name) => /^ssh_host_.*_key\.pub$/.test(name))
    .flatMap((name) => publicKeyIn(join(usualFolder, name)) ?? []);
  const isThere = seen.some(({ base64 }) => usual.some((key) => key.base64 === base64));
  return isThere ? usual : [...seen];
}

/** Asks for one over the network, in one connection, which is one without a login. */
export async function scanHostKey(host: string, port: number): Promise<PublicKey[]> {
  const args = ['-T', '2', '-t', 'ed25519', '-p', String(port), host];
  const { stdout } = await capture('ssh-keyscan', args, { timeoutMs: 3000 });
  return keysIn(stdout);
}

/** The keys in lines as of a known_hosts file. */
export function keysIn(text: string): PublicKey[] {
  return text.split('\n').flatMap((line) => {
    const parsed = parsePublicKey(line.slice(line.indexOf(' ') + 1));
    return parsed.ok ? [parsed.key] : [];
  });
}

function publicKeyIn(path: string): PublicKey | undefined {
  try {
    const parsed = parsePublicKey(readFileSync(path, 'latin1').trim());
    return parsed.ok ? parsed.key : undefined;
  } catch {
    return undefined;
  }
}
