import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeKey, openHostKey } from '../../../src/door/host-key.ts';
import { rejectionOf } from '../../support/failure-of.ts';

const isRoot = process.geteuid?.() === 0;
const someoneElse = 12_345;
let home: string;
let state: string;
let folder: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tp-door-')));
  vi.stubEnv('HOME', home);
  state = join(home, 'state');
  folder = join(state, 'tmuxpair', 'door');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const file = () => join(folder, 'host_ed25519');
const refusal = async () => rejectionOf(openHostKey(folder));

test('it is made once, and is the same from then on', async () => {
  const [one, two] = await Promise.all([openHostKey(folder), openHostKey(folder)]);
  expect(one).toEqual(two);
  expect((await openHostKey(folder)).key).toEqual(one.key);
});

describe('S7: a key that others could have put there is not served', () => {
  beforeEach(async () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await makeKey(file(), 'planted');
  });

  test.runIf(isRoot).each<[string, () => void, string]>([
    ['it is another account’s', () => chownSync(file(), someoneElse, 0), 'belongs to user 12345'],
    ['its folder is', () => chownSync(folder, someoneElse, 0), 'belongs to user 12345'],
    ['a folder above is', () => chownSync(state, someoneElse, 0), 'belongs to user 12345'],
  ])('%s', async (_, arrange, problem) => {
    arrange();
    expect(await refusal()).toMatchObject({
      kind: 'host-key-refused',
      problem: expect.stringContaining(problem),
    });
  });

  test('its folder, or one above, can be written by others', async () => {
    for (const open of [folder, join(state, 'tmuxpair'), state, home]) {
      chmodSync(open, 0o777);
      expect(await refusal()).toEqual({
        kind: 'host-key-refused',
        path: file(),
        problem: `${open} can be written by everybody`,
        hint: `chmod go-w ${open}`,
      });
      chmodSync(open, 0o700);
    }
    expect(await refusal()).toBeUndefined();
  });

  test('a link in its place', async () => {
    const elsewhere = join(home, 'elsewhere');
    renameSync(file(), elsewhere);
    symlinkSync(elsewhere, file());
    const before = readFileSync(elsewhere, 'utf8');
    expect(await refusal()).toMatchObject({
      problem: `${file()} is a symbolic link`,
    });
    expect(readFileSync(elsewhere, 'utf8')).toBe(before);
  });
});
