/** The files from which an sshd reads keys: which of them exist, which can't be read, and what is in them. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { isNothing, isPattern, pathsFor } from '../domain/glob.ts';
import type { Obstacle } from '../domain/obstacle.ts';
import type { PublicKey } from '../domain/public-key.ts';

export interface KeyFiles {
  /** Plain files that exist and can be read. */
  readonly files: readonly string[];
  /** What could not be looked at, so nobody knows what sshd finds there. */
  readonly unread: readonly string[];
}

/**
 * Looks for key files.
 * @param names absolute; a pattern also stands for every name that it matches, as it does from OpenSSH 10 on
 */
export function findKeyFiles(names: readonly string[]): KeyFiles {
  const files = new Set<string>();
  const unread = new Set<string>();
  const namesIn = (folder: string): string[] => {
    try {
      return readdirSync(folder);
    } catch (error) {
      if (!isNothing(error)) unread.add(folder);
      return [];
    }
  };
  for (const name of names) {
    for (const path of isPattern(name) ? [name, ...pathsFor(name, namesIn)] : [name]) {
      const found = look(path);
      if (found === 'readable') files.add(path);
      if (found === 'unread') unread.add(path);
    }
  }
  return { files: [...files], unread: [...unread] };
}

/** Obstacles in key files: some can't be read, others trust a certificate authority. */
export function keyFileObstacles({ files, unread }: KeyFiles): Obstacle[] {
  return [
    ...unread.map((path): Obstacle => ({ kind: 'unread-key-file', path })),
    ...files.flatMap((path): Obstacle[] => {
      const line = authorityIn(readText(path));
      return line === undefined ? [] : [{ kind: 'user-ca', path, line }];
    }),
  ];
}

/** Whether one of these files contains that key. */
export function haveKey(files: readonly string[], { base64 }: Pick<PublicKey, 'base64'>): boolean {
  return files.some((path) => readText(path).includes(base64));
}

/** The first line, 1-based, of a key file that trusts certificates rather than a key. */
export function authorityIn(text: string): number | undefined {
  if (!/cert-authority/i.test(text)) return undefined; // The text may be long.
  const at = text.split('\n').findIndex((line) => {
    const bare = line.replaceAll('\\"', '').replaceAll(/"[^"]*"/g, '');
    return !/^[ \t]*#/.test(bare) && /(^|[\s,])cert-authority(?=[\s,])/i.test(bare);
  });
  return at === -1 ? undefined : at + 1;
}

/** Whether there is a plain file: sshd reads no other. Does not wait for a FIFO. */
export function look(path: string): 'readable' | 'unread' | 'none' {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return fstatSync(file).isFile() ? 'readable' : 'none';
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return isNothing(error) ? 'none' : 'unread';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
