import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inTurn, markFiles, recall, remember, unlearn } from '../../../src/system/remembered.ts';

let base: string;
let env: NodeJS.ProcessEnv;
let config: string;
let kept: string;
const facts = ['port 22', 'socket 12345'];
const value = { greeting: 'SSH-2.0-OpenSSH_9.2' };

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'tmuxpair-test-'));
  env = { XDG_CACHE_HOME: join(base, 'cache') };
  kept = join(base, 'cache', 'tmuxpair', 'learned-x.json');
  mkdirSync(join(base, 'etc'));
  config = join(base, 'etc', 'sshd_config');
  writeFileSync(config, 'Port 22\n');
  await settled();
});
afterEach(() => rmSync(base, { recursive: true }));

/** Until a change shows in what the file system says of a file. */
async function settled(): Promise<void> {
  while (markFiles(paths()).isFresh) await sleep(10);
}

const paths = (): string[] => [config, join(base, 'etc'), join(base, 'etc', 'more')];

function learn(): boolean {
  return remember(env, 'x', { facts, marks: markFiles(paths()), value, lifetime: 60 });
}

test('what nothing has changed of is recalled; the file is nobody else’s to write or read', () => {
  expect(recall(env, 'x', facts)).toBeUndefined();
  expect(learn()).toBe(true);
  expect(recall(env, 'x', facts)).toEqual({
    value,
    learnedAt: expect.any(Date),
    marks: { isFresh: false, files: markFiles(paths()).files },
  });
  expect(recall(env, 'y', facts)).toBeUndefined();
  expect(lstatSync(kept).mode & 0o777).toBe(0o600);
  expect(lstatSync(join(kept, '..')).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(kept, '..'))).toEqual(['learned-x.json']);
  unlearn(env, 'x');
  expect(recall(env, 'x', facts)).toBeUndefined();
});

test.each<[string, () => void]>([
  ['a file that was edited', () => appendFileSync(config, 'PermitTTY no\n')],
  [
    'a file of the same size and time of change',
    () => {
      const { atime, mtime } = lstatSync(config);
      writeFileSync(config, 'Port 23\n');
      utimesSync(config, atime, mtime);
    },
  ],
  [
    'a file that another has replaced',
    () => {
      writeFileSync(`${config}.new`, 'Port 22\n');
      renameSync(`${config}.new`, config);
    },
  ],
  ['a mode', () => chmodSync(config, 0o600)],
  ['a file that is gone', () => rmSync(config)],
  ['a file that was not there', () => writeFileSync(join(base, 'etc', 'more'), '')],
  ['a file that was added to a folder', () => writeFileSync(join(base, 'etc', 'other'), '')],
])('%s makes it forgotten', (_, change) => {
  expect(learn()).toBe(true);
  change();
  expect(recall(env, 'x', facts)).toBeUndefined();
});

test('facts are compared one by one', () => {
  expect(learn()).toBe(true);
  for (const other of [['port 22'], ['port 22', 'socket 9'], [...facts, ''], []]) {
    expect(recall(env, 'x', other)).toBeUndefined();
  }
});

test('what was learned of a file that changed an instant before is not kept: a change right after would not show', () => {
  appendFileSync(config, '#\n');
  expect(learn()).toBe(false);
  expect(recall(env, 'x', facts)).toBeUndefined();
});

test('what changed while it was learned is not recalled', () => {
  const marks = markFiles(paths());
  appendFileSync(config, 'PermitTTY no\n');
  remember(env, 'x', { facts, marks, value, lifetime: 60 });
  expect(recall(env, 'x', facts)).toBeUndefined();
});

test('it ends with its time, and is nothing on another machine, after a boot, or from the future', () => {
  remember(env, 'x', { facts, marks: markFiles(paths()), value, lifetime: -1 });
  expect(recall(env, 'x', facts)).toBeUndefined();
  learn();
  const record = JSON.parse(readFileSync(kept, 'utf8'));
  expect(record.facts).toHaveLength(5);
  for (const at of [0, 1, 2]) {
    const changed = record.facts.with(at, 'another');
    writeFileSync(kept, JSON.stringify({ ...record, facts: changed }));
    expect(recall(env, 'x', facts)).toBeUndefined();
  }
  writeFileSync(kept, JSON.stringify({ ...record, learnedAt: Date.now() + 60_000 }));
  expect(recall(env, 'x', facts)).toBeUndefined();
  writeFileSync(kept, JSON.stringify(record));
  expect(recall(env, 'x', facts)).toBeDefined();
});

test.each<[string, () => void]>([
  ['a file that others may write', () => chmodSync(kept, 0o620)],
  ['a folder that others may write', () => chmodSync(join(kept, '..'), 0o777)],
  ['a file with a second name', () => linkSync(kept, join(base, 'other'))],
  [
    'a symbolic link to one',
    () => {
      renameSync(kept, join(base, 'elsewhere'));
      symlinkSync(join(base, 'elsewhere'), kept);
    },
  ],
  [
    'a symbolic link for the folder',
    () => {
      renameSync(join(kept, '..'), join(base, 'elsewhere'));
      symlinkSync(join(base, 'elsewhere'), join(base, 'cache', 'tmuxpair'));
    },
  ],
  [
    'a folder in its place',
    () => {
      rmSync(kept);
      mkdirSync(kept);
    },
  ],
])('%s is not believed', (_, plant) => {
  expect(learn()).toBe(true);
  expect(recall(env, 'x', facts)).toBeDefined();
  plant();
  expect(recall(env, 'x', facts)).toBeUndefined();
});

test.each([
  '',
  '{',
  'null',
  '[]',
  '7',
  '{"facts":[]}',
  '{"facts":[1],"files":{},"learnedAt":1,"until":9e99}',
])('%j is no record', (text) => {
  expect(learn()).toBe(true);
  writeFileSync(kept, text);
  expect(recall(env, 'x', facts)).toBeUndefined();
});

test('nothing is written into a folder that others may write, nor where there is no room for one', () => {
  mkdirSync(join(base, 'cache', 'tmuxpair'), { recursive: true });
  chmodSync(join(base, 'cache', 'tmuxpair'), 0o777);
  expect(learn()).toBe(false);
  expect(readdirSync(join(base, 'cache', 'tmuxpair'))).toEqual([]);
  env = { XDG_CACHE_HOME: config };
  expect(learn()).toBe(false);
  expect(recall(env, 'x', facts)).toBeUndefined();
  unlearn(env, 'x');
});

test('of those that learn at once one does, and the others have what it has remembered', async () => {
  let learned = 0;
  const recalled = () => recall(env, 'x', facts)?.value;
  const once = () =>
    inTurn(env, 'x', recalled, async () => {
      learned += 1;
      await sleep(50);
      learn();
      return value;
    });
  expect(await Promise.all(Array.from({ length: 10 }, once))).toEqual(
    Array.from({ length: 10 }, () => value),
  );
  expect(learned).toBe(1);
  expect(readdirSync(join(kept, '..'))).toEqual(['learned-x.json']);
});

test.each<[string, (claim: string) => void]>([
  ['one that has died', (claim) => symlinkSync('999999999', claim)],
  ['nobody', (claim) => symlinkSync('x', claim)],
  ['who can’t be told', (claim) => mkdirSync(join(claim, 'in'), { recursive: true })],
])('a claim of %s holds nobody up', async (_, plant) => {
  expect(learn()).toBe(true);
  plant(join(kept, '..', 'learning-y'));
  const before = performance.now();
  expect(
    await inTurn(
      env,
      'y',
      () => undefined,
      async () => 'learned',
    ),
  ).toBe('learned');
  expect(performance.now() - before).toBeLessThan(1000);
});

test('what fails is not claimed for good, and a folder that others may write is not claimed in', async () => {
  const fails = () =>
    inTurn(
      env,
      'x',
      () => undefined,
      () => Promise.reject(new Error('no')),
    );
  await expect(fails()).rejects.toThrow('no');
  await expect(fails()).rejects.toThrow('no');
  chmodSync(join(kept, '..'), 0o777);
  expect(
    await inTurn(
      env,
      'x',
      () => undefined,
      async () => 'learned',
    ),
  ).toBe('learned');
});
