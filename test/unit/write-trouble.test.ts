import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeTrouble } from '../../src/lease/write-trouble.ts';

const isRoot = process.geteuid?.() === 0;
let home: string;
let folder: string;
let path: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tp-write-'));
  vi.stubEnv('HOME', home);
  folder = join(home, '.ssh');
  path = join(folder, 'authorized_keys');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function makeFile(mode = 0o600): void {
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(path, 'mine\n');
  chmodSync(path, mode);
}

describe('N6: nothing speaks against', () => {
  test.each<[string, () => void]>([
    ['a file of ours, and nothing of it changes', () => makeFile()],
    ['one that we may only read', () => makeFile(0o400)],
    ['one that is not there yet', () => mkdirSync(folder, { mode: 0o700 })],
    ['one whose folder is not there yet', () => {}],
    [
      'one behind a link',
      () => {
        makeFile();
        symlinkSync(folder, join(home, 'link'));
        path = join(home, 'link', 'authorized_keys');
      },
    ],
  ])('%s', (_, arrange) => {
    arrange();
    const file = statSync(path, { throwIfNoEntry: false });
    expect(writeTrouble(path)).toBeUndefined();
    expect(statSync(path, { throwIfNoEntry: false })).toEqual(file);
    expect(readdirSync(home).includes('.ssh') ? readdirSync(folder) : []).toEqual(
      file ? ['authorized_keys'] : [],
    );
  });
});

describe('N6: what keeps it from being replaced is known', () => {
  const trouble = (problem: string) =>
    expect.objectContaining({
      kind: 'authorized-keys-refused',
      path,
      problem: expect.stringContaining(problem),
    });

  test.each<[string, () => void, string]>([
    ['others may write it', () => makeFile(0o666), 'can be written by everybody'],
    [
      'others may write where its folder is to be',
      () => chmodSync(home, 0o777),
      'can be written by everybody',
    ],
    [
      'a folder in its place',
      () => {
        mkdirSync(path, { recursive: true });
        chmodSync(folder, 0o700);
      },
      'is not a regular file',
    ],
    [
      'another name of it, which would keep the old text',
      () => {
        makeFile();
        linkSync(path, join(home, 'keys-too'));
      },
      'has 2 names',
    ],
    ['no home', () => rmSync(home, { recursive: true }), 'does not exist'],
  ])('%s', (_, arrange, problem) => {
    arrange();
    expect(writeTrouble(path)).toEqual(trouble(problem));
    mkdirSync(home, { recursive: true });
  });

  test.skipIf(isRoot)('a folder that we may not write', () => {
    makeFile();
    chmodSync(folder, 0o500);
    expect(writeTrouble(path)).toEqual(trouble('permission denied'));
    chmodSync(folder, 0o700);
  });

  test.runIf(isRoot)('another owner', () => {
    makeFile();
    chownSync(folder, 12_345, 0);
    expect(writeTrouble(path)).toEqual(trouble('belongs to user 12345'));
  });

  test('a folder whose files can only be added to, as chattr makes it, although the file is not there yet', () => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, 'known_hosts'), '');
    const given = spawnSync('chattr', ['+a', folder]);
    if (given.status !== 0) return; // Not on this file system, or not as this user.
    try {
      expect(writeTrouble(path)).toEqual(trouble('not permitted'));
      expect(readdirSync(folder)).toEqual(['known_hosts']);
    } finally {
      spawnSync('chattr', ['-a', folder]);
    }
  });

  test.each(['i', 'a'])('the attribute %s, which chattr gives', (attribute) => {
    makeFile();
    const given = spawnSync('chattr', [`+${attribute}`, path]);
    if (given.status !== 0) return; // Not on this file system, or not as this user.
    try {
      expect(writeTrouble(path)).toEqual(trouble('not permitted'));
      expect(readFileSync(path, 'utf8')).toBe('mine\n');
    } finally {
      spawnSync('chattr', [`-${attribute}`, path]);
    }
  });
});
