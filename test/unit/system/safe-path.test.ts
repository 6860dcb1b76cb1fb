import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { distrust, distrustAbove, modesHint } from '../../../src/system/safe-path.ts';

const isRoot = process.geteuid?.() === 0;
const someoneElse = 12_345;
let home: string;
let folder: string;
const before = process.env.HOME;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tp-safe-')));
  folder = join(home, 'folder');
  mkdirSync(folder, { mode: 0o700 });
  process.env.HOME = home;
});
afterEach(() => {
  process.env.HOME = before;
  rmSync(home, { recursive: true });
});

const below = () => join(folder, 'not', 'yet');
const look = (group: 'any' | 'shared') => distrust(folder, statSync(folder), group);

test('what is ours and only ours to write is trusted', () => {
  for (const mode of [0o700, 0o755]) {
    chmodSync(folder, mode);
    expect([look('any'), look('shared'), distrustAbove(below())]).toEqual([undefined, undefined, undefined]);
  }
});

test.runIf(isRoot)('S6, S7: what another account owns is not', () => {
  chownSync(folder, someoneElse, 0);
  const found = { why: 'owner', path: folder, uid: someoneElse };
  expect([look('any'), look('shared'), distrustAbove(below())]).toEqual([found, found, found]);
});

test('S6, S7: nor what everybody can write, unless nobody can take ours away there', () => {
  const found = { why: 'writers', path: folder, who: 'everybody' };
  chmodSync(folder, 0o777);
  expect(distrustAbove(below())).toMatchObject(found);
  chmodSync(folder, 0o1777);
  expect(look('shared')).toMatchObject(found);
  expect(distrustAbove(below())).toBeUndefined();
});

test.runIf(isRoot)('S6: nor what a group can write, if others are in it; sshd takes no group at all', () => {
  chmodSync(folder, 0o770);
  expect(look('shared')).toBeUndefined();
  expect(look('any')).toMatchObject({ why: 'writers', who: 'its group' });
  chownSync(folder, 0, someoneElse);
  expect(look('shared')).toMatchObject({ why: 'writers', who: 'its group' });
  expect(distrustAbove(below())).toMatchObject({ path: folder });
});

test.runIf(isRoot)('S6: nor what an access control list lets others write', () => {
  execFileSync('setfacl', ['-m', 'u:nobody:rwx', folder]);
  expect(look('shared')).toMatchObject({ why: 'writers', who: 'its group' });
});

test('S7: a link is looked at where it stands and where it leads', () => {
  const open = join(home, 'open');
  mkdirSync(open);
  symlinkSync(folder, join(open, 'link'));
  expect(distrustAbove(join(open, 'link', 'file'))).toBeUndefined();
  chmodSync(open, 0o777);
  expect(distrustAbove(join(open, 'link', 'file'))).toMatchObject({ path: open });
  chmodSync(open, 0o700);
  chmodSync(folder, 0o777);
  expect(distrustAbove(join(open, 'link', 'file'))).toMatchObject({
    path: expect.stringMatching(/link|folder/),
  });
});

describe('U7: a command is offered', () => {
  const hint = () => {
    const found = look('any');
    return found && modesHint(found);
  };

  test('for what is ours and in our home, in words that sh takes', () => {
    folder = join(home, "it's");
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const command = hint() ?? '';
    expect(command).toBe(`chmod go-w '${home}/it'\\''s'`);
    execFileSync('sh', ['-c', command]);
    expect(hint()).toBeUndefined();
    expect(look('any')).toBeUndefined();
  });

  test('for nothing elsewhere', () => {
    process.env.HOME = join(home, 'other');
    mkdirSync(process.env.HOME);
    chmodSync(folder, 0o777);
    expect(hint()).toBeUndefined();
    expect(
      modesHint({ why: 'writers', path: '/tmp', who: 'everybody', stats: statSync('/tmp') }),
    ).toBeUndefined();
    expect(modesHint({ why: 'owner', path: folder, uid: 1 })).toBeUndefined();
  });

  test('for nothing at all if the home is /', () => {
    process.env.HOME = '/';
    expect(
      modesHint({ why: 'writers', path: '/tmp', who: 'everybody', stats: statSync('/tmp') }),
    ).toBeUndefined();
  });
});
