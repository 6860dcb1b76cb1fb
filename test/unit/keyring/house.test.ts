import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const src = new URL('../../../src/', import.meta.url).pathname;
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function importers(pattern: RegExp): string[] {
  return files.filter((file) => pattern.test(readFileSync(join(src, file), 'utf8'))).sort();
}

test('one file alone imports keytar', () => {
  expect(importers(/(from|import\(|require\() ?'keytar'/)).toEqual(['keyring/serve-keychain.ts']);
});

test('nothing asks for all credentials, which ends the process on a locked keyring', () => {
  expect(importers(/findCredentials|findPassword/)).toEqual([]);
});
