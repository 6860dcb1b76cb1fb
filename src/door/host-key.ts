/** The host key of an account's private sshds. It is kept, so a returning guest finds a host that they know. */
import { existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../domain/failure.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import { shWord } from '../domain/sh-word.ts';
import { capture } from '../spawn/capture.ts';
import { installHint } from '../system/installer.ts';
import { isOwn } from '../system/ownership.ts';
import { distrust, distrustAbove, modesHint } from '../system/safe-path.ts';
import { pathFolders, which } from '../system/which.ts';

export interface HostKeyPair {
  /** The file of the private key. */
  readonly file: string;
  readonly key: PublicKey;
}

/**
 * The key in `folder`. Makes the folder (0700) and the key if they are missing. Two starts at once get the same key:
 * each makes one aside, and only the first can link its own to the name.
 * @throws Refusal `program-missing`, `program-failed`, `host-key-refused`
 */
export async function openHostKey(folder: string): Promise<HostKeyPair> {
  const file = fileIn(folder);
  if (/["\\\n]/.test(file))
    return unusable(
      file,
      'sshd can not be told of a path with such characters',
      'set XDG_STATE_HOME to another folder',
    );
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    checkPlace(folder, file);
    const key = (await readPublic(file)) ?? (await makeOnce(folder, file));
    return { file, key };
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    const hint = 'make that folder one that you can write, or set XDG_STATE_HOME to one that you can';
    return unusable(file, `${syscall} failed with ${code}`, hint);
  }
}

/** Anyone who could have put this key there has its private half, and could pass for this host. */
function checkPlace(folder: string, file: string): void {
  const above = distrustAbove(file);
  if (above) {
    const problem = above.why === 'owner' ? `belongs to user ${above.uid}` : `can be written by ${above.who}`;
    const hint =
      modesHint(above) ?? 'set XDG_STATE_HOME to a folder of yours, below folders of yours or of root';
    unusable(file, `${above.path} ${problem}`, hint);
  }
  for (const path of [folder, file]) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) continue;
    if (stats.isSymbolicLink()) unusable(file, `${path} is a symbolic link`);
    if (!isOwn(stats)) unusable(file, `${path} belongs to user ${stats.uid}`);
    if (distrust(path, stats, 'any')) unusable(file, `others can write ${path}`);
  }
}

async function makeOnce(folder: string, file: string): Promise<PublicKey> {
  const aside = mkdtempSync(join(folder, '.new-'));
  try {
    const made = join(aside, 'key');
    await makeKey(made, 'tmuxpair');
    linkSync(made, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return (await readPublic(file)) ?? unusable(file, 'it has just gone', 'try again');
}

/** The private key's file, if there is one; its contents are not checked. */
export function hostKeyFile(folder: string): string | undefined {
  const file = fileIn(folder);
  return existsSync(file) ? file : undefined;
}

function fileIn(folder: string): string {
  return join(folder, 'host_ed25519');
}

/** The absolute path of ssh-keygen. @throws Refusal `program-missing` */
function sshKeygen(): string {
  const found = which('ssh-keygen', pathFolders(process.env.PATH));
  if (found !== undefined) return found;
  const hint = installHint('ssh-keygen', "install OpenSSH's ssh-keygen, which comes with its client");
  return refuse({ kind: 'program-missing', program: 'ssh-keygen', hint });
}

/**
 * Makes a key pair without a passphrase: `file`, mode 0600, and `file.pub`.
 * @param bits of an RSA or ECDSA key
 * @throws Refusal `program-missing`, `program-failed`
 */
export async function makeKey(
  file: string,
  comment: string,
  type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519',
  bits?: number,
): Promise<void> {
  const length = bits === undefined ? [] : ['-b', String(bits)];
  const args = ['-q', '-t', type, ...length, '-N', '', '-C', comment, '-f', file];
  const { code, stderr } = await capture(sshKeygen(), args);
  if (code === 0) return;
  return refuse({ kind: 'program-failed', program: 'ssh-keygen', doing: 'making a key', detail: stderr });
}

/** The public half; `undefined` without a file. ssh-keygen also checks that nobody else may read the file. */
async function readPublic(file: string): Promise<PublicKey | undefined> {
  const { code, stdout, stderr } = await capture(sshKeygen(), ['-y', '-P', '', '-f', file], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (code !== 0) {
    if (/No such file/.test(stderr)) return undefined;
    if (/UNPROTECTED/.test(stderr)) return unusable(file, 'others may read it', `chmod 600 ${shWord(file)}`);
    return unusable(file, stderr === '' ? 'ssh-keygen can not read it' : stderr);
  }
  const parsed = parsePublicKey(stdout.trim());
  return parsed.ok ? parsed.key : unusable(file, 'it is no key of a host');
}

function unusable(path: string, problem: string, hint?: string): never {
  return refuse({ kind: 'host-key-refused', path, problem, ...(hint === undefined ? {} : { hint }) });
}
