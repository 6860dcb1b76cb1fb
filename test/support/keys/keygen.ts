import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function inScratch<T>(job: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'tmuxpair-keys-'));
  try {
    return job(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(args: readonly string[]): string {
  const done = spawnSync('ssh-keygen', args, { encoding: 'utf8' });
  if (done.error) throw done.error;
  return done.stdout;
}

/** A key pair made by `ssh-keygen -t type -b bits`: the public line and the private file's text. */
export function keygen(type: string, bits?: number, format: readonly string[] = []) {
  return inScratch((directory) => {
    const path = join(directory, 'key');
    const size = bits === undefined ? [] : ['-b', String(bits)];
    run(['-q', '-t', type, ...size, '-N', '', '-C', 'made@here', '-f', path, ...format]);
    return {
      publicLine: readFileSync(`${path}.pub`, 'utf8').trimEnd(),
      privateText: readFileSync(path, 'utf8'),
    };
  });
}

/** A public key in another format, as `ssh-keygen -e -m format` writes it. */
export function exported(publicLine: string, format: string): string {
  return inScratch((directory) => {
    const path = join(directory, 'key.pub');
    writeFileSync(path, `${publicLine}\n`);
    return run(['-e', '-m', format, '-f', path]);
  });
}

/** A certificate of the key, signed by a fresh authority. */
export function certified(publicLine: string): string {
  return inScratch((directory) => {
    const [key, authority] = [join(directory, 'key.pub'), join(directory, 'ca')];
    writeFileSync(key, `${publicLine}\n`);
    run(['-q', '-t', 'ed25519', '-N', '', '-f', authority]);
    run(['-q', '-s', authority, '-I', 'guest', '-n', 'guest', key]);
    return readFileSync(join(directory, 'key-cert.pub'), 'utf8').trimEnd();
  });
}

/**
 * What `ssh-keygen -l` makes of each `type base64`: its fingerprint, or undefined where it reads no key.
 * One process for all: the comment says which line an answer belongs to.
 */
export function fingerprints(lines: readonly string[]): (string | undefined)[] {
  const answers = inScratch((directory) => {
    const path = join(directory, 'keys');
    writeFileSync(path, lines.map((line, index) => `${line} n${index}\n`).join(''));
    return run(['-l', '-f', path]);
  });
  const found = new Map<number, string>();
  for (const match of answers.matchAll(/^\d+ (SHA256:\S+) n(\d+) \(/gm))
    found.set(Number(match[2]), match[1] ?? '');
  return lines.map((_, index) => found.get(index));
}
