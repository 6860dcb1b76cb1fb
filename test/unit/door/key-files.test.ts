import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { authorityIn, findKeyFiles, keyFileObstacles } from '../../../src/door/key-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tmuxpair-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

test('plain files are found, by name, link and pattern; nothing else is waited for', () => {
  mkdirSync(at('d'));
  for (const name of ['a', 'd/1.keys', 'd/2.keys', 'd/.3.keys']) writeFileSync(at(name), '');
  symlinkSync(at('a'), at('link'));
  symlinkSync(at('nowhere'), at('dangling'));
  execFileSync('mkfifo', [at('fifo')]);
  const names = ['a', 'link', 'dangling', 'fifo', 'd', 'none', 'a/none', 'd/*.keys', 'x/*'].map(at);
  expect(findKeyFiles(names)).toEqual({
    files: ['a', 'link', 'd/1.keys', 'd/2.keys'].map(at),
    unread: [],
  });
});

test.each([
  ['ssh-ed25519 AAAA me\n', undefined],
  ['# cert-authority ssh-ed25519 AAAA\n', undefined],
  ['command="echo cert-authority ,cert-authority" ssh-ed25519 AAAA\n', undefined],
  ['command="a \\" cert-authority" ssh-ed25519 AAAA\n', undefined],
  ['\n  cert-authority ssh-ed25519 AAAA\n', 2],
  ['restrict,Cert-Authority,principals="ada" ssh-ed25519 AAAA\n', 1],
  ['command="x",cert-authority ssh-ed25519 AAAA', 1],
])('%j trusts an authority in line %s', (text, line) => {
  expect(authorityIn(text)).toBe(line);
});

test('what can’t be read and what trusts an authority is told with its path', () => {
  writeFileSync(at('ca'), '\ncert-authority ssh-ed25519 AAAA\n');
  expect(keyFileObstacles({ files: [at('ca'), at('a')], unread: ['/root/k'] })).toEqual([
    { kind: 'unread-key-file', path: '/root/k' },
    { kind: 'user-ca', path: at('ca'), line: 2 },
  ]);
});
