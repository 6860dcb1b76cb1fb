import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomeOf } from '../support/forge/subjects.ts';
import { keygen } from '../support/keys/keygen.ts';
import { ed25519Line } from '../support/keys/wire.ts';

let directory: string;
const at = (name: string) => join(directory, name);
const run = (name: string) => outcomeOf(at(name), {});
const [ada, bob] = [ed25519Line('ada@laptop'), ed25519Line()];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tmuxpair-files-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('a key file', () => {
  test.each([
    ['one key, no final newline', ada, 1],
    ['comments, blank lines, CRLF', `# keys\r\n\r\n${ada}\r\n\t\r\n${bob}\r\n`, 2],
    ['a hundred keys', Array.from({ length: 100 }, () => `${ed25519Line()}\n`).join(''), 100],
    ['the same key twice', `${ada}\n${ada} again\n`, 1],
  ])('%s', async (_, text, count) => {
    writeFileSync(at('keys'), text);
    const outcome = await run('keys');
    expect(outcome).toMatchObject({ kind: 'keys', refused: [] });
    if (outcome.kind === 'keys') expect(outcome.keys).toHaveLength(count);
  });

  test('by a symbolic link, or from a file that claims no size', async () => {
    writeFileSync(at('target'), ada);
    symlinkSync(at('target'), at('link'));
    expect(await run('link')).toMatchObject({ kind: 'keys' });
    expect(await outcomeOf('/proc/self/status', {})).toMatchObject({ kind: 'no-keys' });
  });

  test('a private key is refused by name, and none of it is repeated', async () => {
    const { privateText } = keygen('ed25519');
    writeFileSync(at('id_ed25519'), privateText);
    expect(await run('id_ed25519')).toEqual({
      kind: 'no-keys',
      reference: `file:${at('id_ed25519')}`,
      refused: [{ line: 1, refusal: { reason: 'private-key' } }],
    });
  });

  test.each([
    ['empty', ''],
    ['comments alone', '# none\n\n'],
  ])('%s', async (_, text) => {
    writeFileSync(at('none'), text);
    expect(await run('none')).toEqual({ kind: 'no-keys', reference: `file:${at('none')}`, refused: [] });
  });

  test('refused lines by number beside the sound one', async () => {
    writeFileSync(at('mixed'), `\n${ada}\nrestrict ${bob}\n`);
    expect(await run('mixed')).toMatchObject({
      kind: 'keys',
      refused: [{ line: 3, refusal: { reason: 'options-in-front' } }],
    });
  });
});

describe('what is no small plain file', () => {
  test('absent', async () => {
    expect(await run('absent')).toEqual({ kind: 'file-unreadable', path: at('absent'), code: 'ENOENT' });
  });

  test('a directory', async () => {
    expect(await outcomeOf(`${directory}/`, {})).toMatchObject({
      kind: 'file-unreadable',
      code: 'not-a-file',
    });
  });

  test('a FIFO that nobody writes to does not block', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    expect(await run('fifo')).toMatchObject({ kind: 'file-unreadable', code: 'not-a-file' });
  });

  test('a device without end', async () => {
    expect(await outcomeOf('/dev/zero', {})).toMatchObject({ kind: 'file-unreadable', code: 'not-a-file' });
  });

  test('5 MB', async () => {
    writeFileSync(at('huge'), `${'#'.repeat(99)}\n`.repeat(50_000) + ada);
    expect(await run('huge')).toMatchObject({ kind: 'file-unreadable', code: 'too-large' });
  });

  test('a link to itself', async () => {
    symlinkSync('loop', at('loop'));
    expect(await run('loop')).toMatchObject({ kind: 'file-unreadable', code: 'ELOOP' });
  });
});
