import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadCompiled } from '../../src/code-cache.ts';
import { isRoot } from '../support/run.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
let file: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tmuxpair-code-'));
  env = { XDG_CACHE_HOME: join(folder, 'cache') };
  file = join(folder, 'answer.js');
  cache = join(folder, 'cache/tmuxpair/answer.code');
  writeFileSync(file, 'exports.answer = () => 21 + 21;');
});
afterEach(() => rmSync(folder, { recursive: true }));

function load() {
  const { exports, isKept, keep } = loadCompiled<{ readonly answer: () => number }>(file, env);
  return { value: exports.answer(), isKept, keep };
}

test('a file is loaded as Node would', () => {
  writeFileSync(file, 'exports.answer = () => require("./other.js") + __filename.length - __dirname.length;');
  writeFileSync(join(folder, 'other.js'), 'module.exports = 1;');
  expect(load().value).toBe(1 + '/answer.js'.length);
});

// From Node 22.1 on, Node keeps it by itself.
describe.runIf(!('enableCompileCache' in nodeModule))('what was compiled', () => {
  test('is kept, for nobody else to read, and taken by the next run', () => {
    const first = load();
    expect(first).toMatchObject({ value: 42, isKept: false });
    first.keep();
    expect(statSync(cache).mode & 0o777).toBe(0o600);
    expect(statSync(join(cache, '..')).mode & 0o777).toBe(0o700);
    expect(load()).toMatchObject({ value: 42, isKept: true });
  });

  test('is not kept again where it is the same', () => {
    load().keep();
    const { ino } = statSync(cache);
    load().keep();
    expect(statSync(cache).ino).toBe(ino);
  });

  const spoiled: Readonly<Record<string, () => void>> = {
    'the program is another, of the same length': () => {
      writeFileSync(file, 'exports.answer = () => 21 + 22;');
      utimesSync(file, 1, 1);
    },
    'one byte of it is another': () => {
      const bytes = readFileSync(cache);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
      writeFileSync(cache, bytes);
    },
    'its end is missing': () => writeFileSync(cache, readFileSync(cache).subarray(0, -40)),
    'nobody ever writes it': () => {
      rmSync(cache);
      execFileSync('mkfifo', ['-m', '600', cache]);
    },
    'it is empty': () => writeFileSync(cache, ''),
    'others may write it': () => chmodSync(cache, 0o620),
    'it is a link': () => {
      renameSync(cache, `${cache}.real`);
      symlinkSync(`${cache}.real`, cache);
    },
    ...(isRoot() ? { "it is somebody else's": () => chownSync(cache, 1, 1) } : {}),
  };
  test.each(Object.keys(spoiled))('is left where %s', (how) => {
    load().keep();
    spoiled[how]?.();
    const { value, isKept } = load();
    expect([value, isKept]).toEqual([how.includes('another, of') ? 43 : 42, false]);
  });

  test('is not kept in a folder that others may write', () => {
    mkdirSync(join(cache, '..'), { recursive: true });
    chmodSync(join(cache, '..'), 0o777);
    load().keep();
    expect(() => statSync(cache)).toThrow('ENOENT');
  });

  test('is not written over what somebody has put in its way', () => {
    mkdirSync(join(cache, '..'), { recursive: true, mode: 0o700 });
    const precious = join(folder, 'precious');
    writeFileSync(precious, 'mine');
    linkSync(precious, `${cache}.${process.pid}`);
    load().keep();
    expect(readFileSync(precious, 'utf8')).toBe('mine');
  });
});
