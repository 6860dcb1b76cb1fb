import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFile } from '../../../src/system/replace-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tp-replace-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what is there is replaced as a whole, by a file that is its owner’s alone', () => {
  const path = join(folder, 'a');
  writeFileSync(path, 'the old text', { mode: 0o644 });
  const { ino } = statSync(path);
  writeFileSync(`${path}.${process.pid}.new`, 'left by who died halfway');
  replaceFile(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(path).ino).not.toBe(ino);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('where it can not be replaced, nothing is left beside it', () => {
  const path = join(folder, 'a');
  mkdirSync(join(path, 'b'), { recursive: true });
  expect(() => replaceFile(path, 'new')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(folder)).toEqual(['a']);
});
