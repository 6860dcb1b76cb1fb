import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isPrivate, openRunDirectory, runDirectories } from '../../src/lease/run-directory.ts';
import { failureOf } from '../support/failure-of.ts';

const isRoot = process.geteuid?.() === 0;
const someoneElse = 12_345;
/** A runtime directory of this account would be taken before the state folder. */
const hasRealOne = existsSync(`/run/user/${process.geteuid?.()}`);
let home: string;
let runtime: string;
let state: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tp-run-')));
  runtime = join(home, 'xdg');
  state = join(home, 'state');
  mkdirSync(runtime, { mode: 0o700 });
});
afterEach(() => rmSync(home, { recursive: true }));

const env = () => ({ XDG_RUNTIME_DIR: runtime, XDG_STATE_HOME: state });
function makeFolder(path: string, permissions: number): void {
  mkdirSync(path);
  chmodSync(path, permissions);
}

/** The group of an account that is not root. */
function groupOfOthers(): number {
  const entry = execFileSync('getent', ['passwd', 'nobody'], { encoding: 'utf8' });
  return Number(entry.split(':')[3]);
}

const mode = (path: string) => lstatSync(path).mode & 0o7777;
const refused = (problem: string) =>
  expect.objectContaining({ kind: 'run-directory-refused', problem: expect.stringContaining(problem) });

test('it is made in the runtime directory, for its owner alone, whatever the umask', () => {
  const umask = process.umask(0);
  try {
    expect(openRunDirectory(env())).toBe(join(runtime, 'tmuxpair'));
  } finally {
    process.umask(umask);
  }
  expect(mode(join(runtime, 'tmuxpair'))).toBe(0o700);
  expect(mode(join(runtime, 'tmuxpair', 'rooms'))).toBe(0o700);
  expect(openRunDirectory(env())).toBe(join(runtime, 'tmuxpair'));
});

describe('it is in the state folder, where the runtime directory', () => {
  const elsewhere = (XDG_RUNTIME_DIR: string | undefined) =>
    runDirectories({ XDG_RUNTIME_DIR, XDG_STATE_HOME: state }).filter((path) => path.startsWith(home));
  const own = () => join(state, 'tmuxpair', 'run');

  const prepared = (arrange: (path: string) => void) => () => {
    const path = join(home, 'other');
    arrange(path);
    return path;
  };

  test.each<[string, () => string | undefined]>([
    ['is not set', () => undefined],
    ['is empty', () => ''],
    ['is no absolute path', () => 'xdg'],
    ['does not exist', prepared(() => {})],
    ['is a file', prepared((path) => writeFileSync(path, ''))],
    ['is a link', prepared((path) => symlinkSync(runtime, path))],
    ['can be written by others', prepared((path) => makeFolder(path, 0o1777))],
    ['can be written by its group', prepared((path) => makeFolder(path, 0o770))],
  ])('%s', (_, path) => {
    expect(elsewhere(path())).toEqual([own()]);
  });

  test.runIf(isRoot)('belongs to somebody else', () => {
    chownSync(runtime, someoneElse, someoneElse);
    expect(elsewhere(runtime)).toEqual([own()]);
  });

  test.skipIf(hasRealOne)('has a name that sh or a socket can not take', () => {
    for (const name of ["o'dd name", 'x'.repeat(60)]) {
      makeFolder(join(home, name), 0o700);
      expect(openRunDirectory({ XDG_RUNTIME_DIR: join(home, name), XDG_STATE_HOME: state })).toBe(own());
    }
    expect([state, own(), join(own(), 'rooms')].map(mode)).toEqual([0o700, 0o700, 0o700]);
  });

  test.skipIf(hasRealOne)('is missing; and where that can’t be made either, it is told', () => {
    writeFileSync(state, '');
    expect(failureOf(() => openRunDirectory({ XDG_STATE_HOME: state }))).toEqual(refused('ENOTDIR'));
    rmSync(state);
    makeFolder(state, 0o700);
    const long = join(state, 'x'.repeat(60));
    expect(failureOf(() => openRunDirectory({ XDG_STATE_HOME: long }))).toEqual(refused('too long'));
  });
});

describe('refused is', () => {
  const root = () => join(runtime, 'tmuxpair');

  test.each<[string, () => void, string]>([
    ['a link in its place', () => symlinkSync(state, root()), 'symbolic link'],
    ['a link to nothing in its place', () => symlinkSync('nowhere', root()), 'symbolic link'],
    ['a file in its place', () => writeFileSync(root(), ''), 'not a folder'],
    ['one that others can enter', () => mkdirSync(root(), { mode: 0o711 }), 'others may'],
    ['one that others can write', () => makeFolder(root(), 0o1777), 'others may'],
    [
      'one whose rooms others can enter',
      () => {
        mkdirSync(root(), { mode: 0o700 });
        mkdirSync(join(root(), 'rooms'), { mode: 0o755 });
      },
      'others may',
    ],
  ])('%s', (_, arrange, problem) => {
    arrange();
    expect(failureOf(() => openRunDirectory(env()))).toEqual(refused(problem));
  });

  test.runIf(isRoot)('one that belongs to somebody else', () => {
    mkdirSync(root(), { mode: 0o700 });
    chownSync(root(), someoneElse, someoneElse);
    expect(failureOf(() => openRunDirectory(env()))).toEqual(refused('belongs to user 12345'));
  });
});

describe('a folder above, in which others could put something else in its place, is refused', () => {
  test.runIf(isRoot)('of somebody else', () => {
    chownSync(home, someoneElse, someoneElse);
    expect(failureOf(() => openRunDirectory(env()))).toEqual(refused(`${home} belongs to user 12345`));
  });

  test('that everybody may write, unless it is sticky', () => {
    chmodSync(home, 0o777);
    expect(failureOf(() => openRunDirectory(env()))).toEqual(refused(`others may write ${home}`));
    chmodSync(home, 0o1777);
    expect(openRunDirectory(env())).toBe(join(runtime, 'tmuxpair'));
  });

  test.runIf(isRoot)('S6: that a group may write in which there are others, or which nobody knows', () => {
    chmodSync(home, 0o770);
    expect(openRunDirectory(env())).toBe(join(runtime, 'tmuxpair'));
    for (const group of [someoneElse, groupOfOthers()]) {
      chownSync(home, 0, group);
      chmodSync(home, 0o770);
      expect(failureOf(() => openRunDirectory(env()))).toEqual(refused(`others may write ${home}`));
    }
  });
});

test('private is a folder of ours that nobody else can enter, and nothing else', () => {
  expect(isPrivate(runtime)).toBe(true);
  expect(isPrivate(join(home, 'nowhere'))).toBe(false);
  chmodSync(runtime, 0o750);
  expect(isPrivate(runtime)).toBe(false);
});
