import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Edited, editKeyFile, readKeyFile } from '../../src/lease/key-file.ts';
import { failureOf, rejectionOf } from '../support/failure-of.ts';

const isRoot = process.geteuid?.() === 0;
const someoneElse = 12_345;
let home: string;
let folder: string;
let path: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tmuxpair-key-file-'));
  vi.stubEnv('HOME', home);
  folder = join(home, '.ssh');
  mkdirSync(folder, { mode: 0o700 });
  path = join(folder, 'authorized_keys');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const mode = (at: string) => lstatSync(at).mode & 0o7777;
const prepend = (text = ''): Edited => ({ text: `ours\n${text}` });

describe('the text is replaced', () => {
  test('as one character a byte, both ways', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    writeFileSync(path, bytes, { mode: 0o600 });
    expect(readKeyFile(path)).toHaveLength(256);
    await editKeyFile(path, prepend);
    expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.from('ours\n'), bytes]));
  });

  test('by another file, and no trace is left', async () => {
    writeFileSync(path, 'old\n', { mode: 0o600 });
    const before = statSync(path).ino;
    await editKeyFile(path, prepend);
    expect(statSync(path).ino).not.toBe(before);
    expect(readdirSync(folder)).toEqual(['authorized_keys']);
  });

  test.each([0o600, 0o644, 0o640, 0o400])('with its mode %o, whatever the umask', async (wanted) => {
    writeFileSync(path, 'old\n');
    chmodSync(path, wanted);
    const umask = process.umask(0o077);
    await editKeyFile(path, prepend).finally(() => process.umask(umask));
    expect(mode(path)).toBe(wanted);
  });

  test.runIf(isRoot)('with its group', async () => {
    writeFileSync(path, 'old\n', { mode: 0o640 });
    chownSync(path, 0, someoneElse);
    await editKeyFile(path, prepend);
    expect(statSync(path)).toMatchObject({ uid: 0, gid: someoneElse });
    expect(mode(path)).toBe(0o640);
  });

  test('where a symbolic link points, and the link stays', async () => {
    const dotfiles = join(home, 'dotfiles');
    mkdirSync(dotfiles, { mode: 0o755 });
    writeFileSync(join(dotfiles, 'keys'), 'old\n', { mode: 0o600 });
    symlinkSync('../dotfiles/keys', path);
    await editKeyFile(path, (text, resolved) => {
      expect(resolved).toBe(join(dotfiles, 'keys'));
      return prepend(text);
    });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dotfiles, 'keys'), 'latin1')).toBe('ours\nold\n');
    expect([readdirSync(folder), readdirSync(dotfiles)]).toEqual([['authorized_keys'], ['keys']]);
  });

  test('where there is none yet, for its owner alone', async () => {
    const umask = process.umask(0);
    await editKeyFile(path, (text) => {
      expect(text).toBeUndefined();
      return prepend(text);
    }).finally(() => process.umask(umask));
    expect(readKeyFile(path)).toBe('ours\n');
    expect(mode(path)).toBe(0o600);
  });

  test('by nothing', async () => {
    writeFileSync(path, 'old\n', { mode: 0o600 });
    await editKeyFile(path, () => 'remove');
    expect(readdirSync(folder)).toEqual([]);
    expect(readKeyFile(path)).toBeUndefined();
  });

  test('or not at all', async () => {
    writeFileSync(path, 'old\n', { mode: 0o600 });
    const before = lstatSync(path, { bigint: true });
    await editKeyFile(path, () => 'unchanged');
    expect(lstatSync(path, { bigint: true })).toMatchObject({ ino: before.ino, ctimeNs: before.ctimeNs });
    expect(readdirSync(folder)).toEqual(['authorized_keys']);
  });

  test('also where a crash left half a file aside', async () => {
    writeFileSync(path, 'old\n', { mode: 0o600 });
    await editKeyFile(path, () => {
      expect(readdirSync(folder).sort()).toEqual(['authorized_keys', 'authorized_keys.tmuxpair.lock']);
      return 'unchanged';
    });
    writeFileSync(`${path}.tmuxpair.new`, 'hal', { mode: 0o666 });
    await editKeyFile(path, () => 'unchanged');
    expect(readdirSync(folder)).toEqual(['authorized_keys']);
    symlinkSync(join(home, 'elsewhere'), `${path}.tmuxpair.new`);
    await editKeyFile(path, prepend);
    expect(readdirSync(folder)).toEqual(['authorized_keys']);
    expect(existsSync(join(home, 'elsewhere'))).toBe(false);
  });
});

describe('what somebody else makes of the file while it is edited', () => {
  /** Runs `theirs` after our text was read, once, and gives what came of both. */
  async function meanwhile(theirs: () => void): Promise<string | undefined> {
    writeFileSync(path, 'old\n', { mode: 0o600 });
    let done = false;
    await editKeyFile(path, (text) => {
      if (!done) theirs();
      done = true;
      return prepend(text);
    });
    expect(readdirSync(folder).filter((name) => name.includes('tmuxpair'))).toEqual([]);
    return readKeyFile(path);
  }

  test.each<[string, () => void, string]>([
    ['a line more', () => appendFileSync(path, 'theirs\n'), 'ours\nold\ntheirs\n'],
    ['an empty file', () => writeFileSync(path, ''), 'ours\n'],
    ['no file', () => rmSync(path), 'ours\n'],
    [
      'another file of that name',
      () => {
        writeFileSync(join(folder, 'x'), 'new\n', { mode: 0o600 });
        renameSync(join(folder, 'x'), path);
      },
      'ours\nnew\n',
    ],
    [
      'other bytes of the same length, with the time of change put back',
      () => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, 'new\n');
        utimesSync(path, atime, mtime);
      },
      'ours\nnew\n',
    ],
  ])('is kept: %s', async (_, theirs, text) => {
    expect(await meanwhile(theirs)).toBe(text);
  });

  test('is kept: a file where there was none', async () => {
    let done = false;
    await editKeyFile(path, (text) => {
      if (!done) writeFileSync(path, 'theirs\n', { mode: 0o600 });
      done = true;
      return prepend(text);
    });
    expect(readKeyFile(path)).toBe('ours\ntheirs\n');
  });

  test('is kept: a stricter mode', async () => {
    await meanwhile(() => chmodSync(path, 0o400));
    expect(mode(path)).toBe(0o400);
  });

  test('is refused where anybody could write it from then on', async () => {
    expect(await rejectionOf(meanwhile(() => chmodSync(path, 0o666)))).toMatchObject({
      kind: 'authorized-keys-refused',
      problem: 'can be written by everybody',
    });
    expect(readdirSync(folder)).toEqual(['authorized_keys']);
  });

  test('is given up on where it never ends', async () => {
    let times = 0;
    writeFileSync(path, 'old\n', { mode: 0o600 });
    const failure = await rejectionOf(
      editKeyFile(path, (text) => {
        times += 1;
        appendFileSync(path, 'theirs\n');
        return prepend(text);
      }),
    );
    expect(failure).toMatchObject({ problem: 'is being changed by another program all the time' });
    expect(readKeyFile(path)).toBe(`old\n${'theirs\n'.repeat(times)}`);
    expect(readdirSync(folder)).toEqual(['authorized_keys']);
  });

  test('an edit that fails leaves everything as it was', async () => {
    writeFileSync(path, 'old\n', { mode: 0o600 });
    const failing = editKeyFile(path, () => {
      throw new Error('from the edit');
    });
    await expect(failing).rejects.toThrow('from the edit');
    expect(readKeyFile(path)).toBe('old\n');
    expect(readdirSync(folder)).toEqual(['authorized_keys']);
  });
});

describe('refused before anything is read or written', () => {
  const file = (permissions: number): void => {
    writeFileSync(path, 'old\n');
    chmodSync(path, permissions);
  };
  const goW = (at: string) => `chmod go-w ${at}`;
  const elsewhere = 'pass --door private, which needs no file of yours, or another --authorized-keys';

  test.each<[string, () => void, string, string?]>([
    ['a file for everybody to write', () => file(0o666), 'can be written by everybody', goW('PATH')],
    ['a file for its group to write', () => file(0o620), 'can be written by its group', goW('PATH')],
    [
      'a folder for everybody to write',
      () => chmodSync(folder, 0o1777),
      'is in FOLDER, which can be written by everybody',
      goW('FOLDER'),
    ],
    [
      'a folder for its group to write',
      () => chmodSync(folder, 0o770),
      'is in FOLDER, which can be written by its group',
      goW('FOLDER'),
    ],
    [
      'a home for its group to write',
      () => chmodSync(home, 0o775),
      'is in HOME, which can be written by its group',
      goW('HOME'),
    ],
    ['a FIFO', () => void execFileSync('mkfifo', [path]), 'is not a regular file'],
    ['a folder in its place', () => mkdirSync(path, { mode: 0o700 }), 'is not a regular file'],
    [
      'a link to nothing',
      () => symlinkSync('nowhere', path),
      'is a symbolic link to a file that does not exist',
      'make the file that it points at, or pass --door private',
    ],
    ['no folder', () => rmdirSync(folder), 'its folder does not exist', 'make the folder, mode 700'],
  ])('%s', async (_, arrange, problem, hint) => {
    arrange();
    await expectRefusal(problem, hint);
  });

  test.runIf(isRoot)('what belongs to somebody else', async () => {
    file(0o600);
    chownSync(path, someoneElse, 0);
    await expectRefusal(`belongs to user ${someoneElse}, not to you`, elsewhere);
    chownSync(folder, someoneElse, 0);
    await expectRefusal(`is in FOLDER, which belongs to user ${someoneElse}, not to you`, elsewhere);
  });

  test('a folder that is a file', async () => {
    rmdirSync(folder);
    writeFileSync(folder, '');
    expect(await rejectionOf(editKeyFile(path, prepend))).toMatchObject({ kind: 'authorized-keys-refused' });
  });

  test('U7: no command about a folder outside the home: others may need it as it is', async () => {
    chmodSync(folder, 0o1777);
    process.env.HOME = mkdtempSync(join(home, 'other-'));
    await expectRefusal('is in FOLDER, which can be written by everybody', elsewhere);
  });

  async function expectRefusal(problem: string, hint?: string): Promise<void> {
    const named = (text: string) =>
      text.replace('PATH', path).replace('FOLDER', folder).replace('HOME', home);
    const edit = vi.fn(prepend);
    expect(await rejectionOf(editKeyFile(path, edit))).toEqual({
      kind: 'authorized-keys-refused',
      path,
      problem: named(problem),
      ...(hint === undefined ? {} : { hint: named(hint) }),
    });
    expect(edit).not.toHaveBeenCalled();
    expect(existsSync(folder) ? readdirSync(folder) : []).not.toContainEqual(
      expect.stringMatching('tmuxpair'),
    );
  }
});

test('reading never blocks, nor takes anything but a plain file for text', () => {
  execFileSync('mkfifo', [path]);
  expect(readKeyFile(path)).toBeUndefined();
  expect(readKeyFile(folder)).toBeUndefined();
  expect(readKeyFile(join(home, 'no', 'file'))).toBeUndefined();
  symlinkSync(path, join(folder, 'loop'));
  rmSync(path);
  symlinkSync('loop', path);
  expect(failureOf(() => readKeyFile(path))).toMatchObject({
    problem: expect.stringContaining('ELOOP'),
  });
});
