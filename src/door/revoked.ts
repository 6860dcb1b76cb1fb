/** Which keys an sshd refuses by name: `RevokedKeys`, a list of keys or a KRL of ssh-keygen's. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublicKey } from '../domain/public-key.ts';
import { markFiles } from '../system/remembered.ts';

/** By the state of the file, and by key. */
const answers = new Map<string, boolean>();

/** In ms. */
const timeoutMs = 2000;

/** Whether the file exists and this account may not read it. */
export function isUnread(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** What a KRL begins with. */
const magic = 'SSHKRL\n';

/** Whether the file refuses that key; `false` also if this account may not read it, or ssh-keygen can't. */
export function isRevoked(path: string, key: PublicKey): boolean {
  const name = JSON.stringify([markFiles([path]).files, key.base64]);
  const known = answers.get(name);
  if (known !== undefined) return known;
  const answer = isIn(path, key);
  answers.set(name, answer);
  return answer;
}

function isIn(path: string, { type, base64 }: PublicKey): boolean {
  try {
    const text = readFileSync(path, 'latin1');
    if (!text.startsWith(magic))
      return text.split('\n').some((line) => line.trim().split(/\s+/)[1] === base64);
    return isInKrl(path, `${type} ${base64}\n`);
  } catch {
    return false;
  }
}

/** The key is in a file meanwhile: ssh-keygen reads nothing else. */
function isInKrl(path: string, line: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tmuxpair-key-'));
  try {
    const file = join(folder, 'key.pub');
    writeFileSync(file, line);
    const { stdout } = spawnSync('ssh-keygen', ['-Q', '-f', path, file], {
      encoding: 'utf8',
      timeout: timeoutMs,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /: REVOKED$/m.test(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
