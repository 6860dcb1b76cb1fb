import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { thisAccount } from '../../../src/system/account.ts';
import { baseFolder, homeFolder, settleHome } from '../../../src/system/home.ts';

const isRoot = process.geteuid?.() === 0;
const someoneElse = 12_345;
let place: string;

beforeEach(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'tp-home-')));
});
afterEach(() => rmSync(place, { recursive: true }));

describe('M1: HOME', () => {
  test('counts if it is a folder of ours', () => {
    expect(homeFolder({ HOME: place })).toBe(place);
  });

  test.each<[string, () => string | undefined]>([
    ['not set', () => undefined],
    ['empty', () => ''],
    ['relative', () => '.'],
    ['missing', () => join(place, 'gone')],
    [
      'a file',
      () => {
        writeFileSync(join(place, 'file'), '');
        return join(place, 'file');
      },
    ],
  ])('does not count if it is %s', (_, home) => {
    const HOME = home();
    expect(homeFolder({ HOME })).toBe(thisAccount().home);
    const env = { HOME };
    settleHome(env);
    expect(env.HOME).toBe(thisAccount().home);
  });

  test.runIf(isRoot)('does not count if it is another account’s', () => {
    chownSync(place, someoneElse, someoneElse);
    expect(homeFolder({ HOME: place })).toBe(thisAccount().home);
    expect(baseFolder({ HOME: place }, 'XDG_STATE_HOME', '.s')).toBe(join(thisAccount().home, '.s'));
  });
});

describe('M1: XDG_STATE_HOME and its like', () => {
  const base = (XDG_STATE_HOME: string | undefined) =>
    baseFolder({ HOME: place, XDG_STATE_HOME }, 'XDG_STATE_HOME', '.local/state');

  test('count if they are absolute, also before they are made', () => {
    expect(base(join(place, 'a', 'b'))).toBe(join(place, 'a', 'b'));
    for (const name of [undefined, '', 'a']) expect(base(name)).toBe(join(place, '.local/state'));
  });

  test.runIf(isRoot)('do not count in a place of another account’s', () => {
    const theirs = join(place, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, someoneElse, someoneElse);
    for (const path of [theirs, join(theirs, 'a', 'b')]) expect(base(path)).toBe(join(place, '.local/state'));
  });

  test.skipIf(isRoot)('do not count in a folder that we can’t enter', () => {
    const closed = join(place, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0);
    expect(base(join(closed, 'a'))).toBe(join(place, '.local/state'));
    chmodSync(closed, 0o700);
  });
});
