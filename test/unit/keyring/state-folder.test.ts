import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileStore } from '../../../src/keyring/file-store.ts';
import { pinOf } from '../../../src/keyring/pin.ts';
import { type StateFolder, stateFolder } from '../../../src/keyring/state-folder.ts';
import { keyOf } from '../../support/keys.ts';

const asRoot = process.geteuid?.() === 0;
const someoneElse = 12_345;
let home: string;
let root: string;
let folder: StateFolder;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'state-'));
  root = join(home, '.local', 'state', 'tmuxpair');
  folder = stateFolder({ HOME: home }, 'pins');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const mode = (path: string) => lstatSync(path).mode & 0o777;

test('looking makes nothing', async () => {
  expect(await folder.read('a')).toEqual({ ok: true, value: undefined });
  expect(await folder.list()).toEqual({ ok: true, value: [] });
  expect(await folder.remove('a')).toEqual({ ok: true, value: false });
  expect(readdirSync(home)).toEqual([]);
});

test('folders are 0700, files 0600, whatever the umask, and no temporary file is left', async () => {
  const before = process.umask(0);
  await folder.write('a', 'text').finally(() => process.umask(before));
  expect([mode(root), mode(folder.path), mode(join(folder.path, 'a'))]).toEqual([0o700, 0o700, 0o600]);
  expect(readdirSync(folder.path)).toEqual(['a']);
  expect(await folder.read('a')).toEqual({ ok: true, value: 'text' });
});

test('XDG_STATE_HOME is followed where it is absolute', async () => {
  expect(stateFolder({ HOME: home, XDG_STATE_HOME: '/x' }, 'pins').path).toBe('/x/tmuxpair/pins');
  expect(stateFolder({ HOME: home, XDG_STATE_HOME: 'x' }, 'pins').path).toBe(folder.path);
});

test('S7: nor is what stands below a folder in which others could put another in its place', async () => {
  await folder.write('a', 'text');
  const state = join(home, '.local', 'state');
  for (const above of [state, join(home, '.local'), home]) {
    chmodSync(above, 0o777);
    const trouble = { cause: 'writable-by-others', path: above };
    expect(await folder.read('a')).toMatchObject({ ok: false, trouble });
    expect(await folder.write('a', 'other')).toMatchObject({ ok: false, trouble });
    expect(await folder.remove('a')).toMatchObject({ ok: false, trouble });
    chmodSync(above, 0o700);
  }
  expect(await folder.read('a')).toEqual({ ok: true, value: 'text' });
});

describe('what is not ours alone is neither read nor replaced', () => {
  const traps: [string, string, (path: string) => void][] = [
    ['writable by the group', 'writable-by-others', (path) => chmodSync(path, 0o770)],
    ['writable by the world', 'writable-by-others', (path) => chmodSync(path, 0o702)],
    [
      'a symlink',
      'symlink',
      (path) => {
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
    ],
    ...(asRoot
      ? ([['owned by someone else', 'other-owner', (path) => chownSync(path, someoneElse, someoneElse)]] as [
          string,
          string,
          (path: string) => void,
        ][])
      : []),
  ];
  const places: [string, () => string][] = [
    ['folder of the program', () => root],
    ['folder of pins', () => folder.path],
    ['file', () => join(folder.path, 'a')],
  ];
  for (const [trap, cause, set] of traps) {
    test.each(places)(`${trap}: %s`, async (_, at) => {
      await folder.write('a', 'before');
      set(at());
      const refused = { ok: false, trouble: { cause, path: at() } };
      expect(await folder.read('a')).toEqual(refused);
      expect(await folder.write('a', 'after')).toEqual(refused);
      expect(await folder.remove('a')).toEqual(refused);
    });
  }

  test('a plain file where a folder belongs, a folder or a FIFO where a file belongs', async () => {
    await folder.write('a', '');
    mkdirSync(join(folder.path, 'b'), { mode: 0o700 });
    execFileSync('mkfifo', ['-m', '600', join(folder.path, 'c')]);
    expect(await folder.read('b')).toMatchObject({ ok: false, trouble: { cause: 'not-a-file' } });
    expect(await folder.read('c')).toMatchObject({ ok: false, trouble: { cause: 'not-a-file' } });
    rmSync(folder.path, { recursive: true });
    writeFileSync(folder.path, '', { mode: 0o600 });
    expect(await folder.read('a')).toMatchObject({ ok: false, trouble: { cause: 'not-a-folder' } });
  });

  test('one bad pin does not take the others with it', async () => {
    const store = fileStore(folder);
    const pins = ['github:ada', 'github:bob'].map((reference) =>
      pinOf(undefined, { reference, keys: [keyOf(reference)], now: new Date(), paired: true }),
    );
    await store.write(pins);
    for (const name of readdirSync(folder.path)) {
      const text = await folder.read(name);
      if (text.ok && text.value?.includes('ada')) chmodSync(join(folder.path, name), 0o666);
    }
    const reads = await store.read(['github:ada', 'github:bob']);
    expect(reads.ok && [...reads.value.values()].map((read) => read.kind)).toEqual(['refused', 'pin']);
    expect(await store.references()).toEqual({ ok: true, value: ['github:bob'] });
  });
});

test('a disk that refuses is an answer, with its code', async () => {
  writeFileSync(join(home, '.local'), '');
  expect(await folder.write('a', '')).toMatchObject({ ok: false, trouble: { cause: 'io', code: 'ENOTDIR' } });
});
