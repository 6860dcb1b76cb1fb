import {
  lutimesSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isHeld, withLock } from '../../src/lease/lock.ts';
import { bootId, machineName, thisProcess } from '../../src/lease/process.ts';
import { bundle, startChild } from '../support/child.ts';
import { rejectionOf } from '../support/failure-of.ts';

let folder: string;
let lock: string;
let counter: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tmuxpair-lock-'));
  lock = join(folder, 'lock');
  counter = join(folder, 'counter');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/**
 * Adds 1 to the counter in a way that loses additions as soon as two do it at once. Every second time it leaves the
 * lock as if it had died there.
 */
const contender = `
  import { readFileSync, renameSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
  import { isHeld, withLock } from './src/lease/lock.ts';
  import { machineName } from './src/lease/process.ts';
  const [lock, counter, times] = process.argv.slice(2);
  const nap = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  writeSync(1, 'started\\n');
  for (let n = 0; n < Number(times); n++) {
    await withLock(lock, lock, () => {
      const value = Number(readFileSync(counter, 'utf8'));
      nap(1);
      writeFileSync(counter, String(value + 1));
      if (n % 2 === 0) return;
      const dead = ['1', '1', 'another', process.pid + 'x' + n, machineName()].join('|');
      symlinkSync(dead, counter + process.pid);
      renameSync(counter + process.pid, lock);
    });
  }
`;

const holder = `
  import { writeSync } from 'node:fs';
  import { isHeld, withLock } from './src/lease/lock.ts';
  const [lock] = process.argv.slice(2);
  await withLock(lock, lock, () => {
    writeSync(1, 'held\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

const leftLocks = () => readdirSync(folder).filter((name) => name.startsWith('lock'));

function owned(
  path: string,
  owner: Partial<Record<'pid' | 'start' | 'boot' | 'nonce' | 'machine', string | number>>,
) {
  const { pid, start, boot } = thisProcess();
  const all = { pid, start, boot, nonce: 'nonce', machine: machineName(), ...owner };
  symlinkSync([all.pid, all.start, all.boot, all.nonce, all.machine].join('|'), path);
}

test('many at once lose nothing, also where owners are killed and their locks broken', async () => {
  writeFileSync(counter, '0');
  const [hold, add] = [bundle(folder, 'hold', holder), bundle(folder, 'add', contender)];
  const owner = startChild(hold, [lock]);
  await owner.said('held');
  const adders = Array.from({ length: 5 }, () => startChild(add, [lock, counter, '20']));
  await Promise.all(adders.map(({ said }) => said('started')));
  expect(readFileSync(counter, 'utf8')).toBe('0');
  owner.process.kill('SIGKILL');
  expect(await Promise.all(adders.map(({ ended }) => ended))).toEqual(
    adders.map(() => ({ code: 0, output: 'started\n' })),
  );
  expect(readFileSync(counter, 'utf8')).toBe('100');
  await withLock(lock, lock, () => {});
  expect(leftLocks()).toEqual([]);
});

describe('a lock is broken at once', () => {
  test.each<[string, Parameters<typeof owned>[1]]>([
    ['whose owner’s number is somebody else’s by now', { start: '1' }],
    ['whose owner ran in another boot', { boot: 'another' }],
    ['whose owner has gone', { pid: 2 ** 22 + 1 }],
    ['whose owner is no number', { pid: 'x' }],
  ])('%s', async (_, owner) => {
    owned(lock, owner);
    expect(await withLock(lock, lock, () => 'done', { longest: 0 })).toBe('done');
    expect(leftLocks()).toEqual([]);
  });

  test('also where who was breaking it has died, and one who was breaking that', async () => {
    owned(lock, { start: '1', nonce: 'a' });
    owned(`${lock}.a`, { start: '1', nonce: 'b' });
    owned(`${lock}.a.b`, { boot: 'another', nonce: 'c' });
    expect(await withLock(lock, lock, () => 'done', { longest: 0 })).toBe('done');
    expect(leftLocks()).toEqual([]);
  });

  test('and what dead breakers left is cleared away', async () => {
    owned(`${lock}.old`, { start: '1' });
    owned(`${lock}.live`, {});
    await withLock(lock, lock, () => {});
    expect(leftLocks()).toEqual(['lock.live']);
  });
});

describe('a lock is waited for, and no longer than said', () => {
  const refused = (owner: string) => ({ kind: 'authorized-keys-locked', path: 'guarded', lock, owner });
  const attempt = (longest = 60) => rejectionOf(withLock(lock, 'guarded', () => {}, { longest }));

  test('of a living process', async () => {
    owned(lock, {});
    expect(await attempt()).toEqual(refused(`process ${process.pid}`));
    expect(leftLocks()).toEqual(['lock']);
  });

  test('of a process on another machine, until it is a minute old', async () => {
    owned(lock, { machine: 'another', start: '1' });
    expect(await attempt()).toEqual(refused(`process ${process.pid}`));
    const old = Date.now() / 1000 - 61;
    lutimesSync(lock, old, old);
    expect(await attempt()).toBeUndefined();
    expect(leftLocks()).toEqual([]);
  });

  test('of another program, whose file stays', async () => {
    writeFileSync(lock, 'mine');
    expect(await attempt()).toEqual(refused('another program'));
    expect(readFileSync(lock, 'utf8')).toBe('mine');
  });

  test('until the waiting is stopped; a lock that is free is taken all the same', async () => {
    const stop = AbortSignal.abort(new Error('stopped'));
    owned(lock, {});
    await expect(withLock(lock, lock, () => {}, { stop })).rejects.toThrow('stopped');
    expect([isHeld(lock), leftLocks()]).toEqual([true, ['lock']]);
    rmSync(lock);
    expect(isHeld(lock)).toBe(false);
    expect(await withLock(lock, lock, () => isHeld(lock), { stop })).toBe(true);
  });

  test('while the wall clock is set forth, and back', async () => {
    owned(lock, {});
    let step = 3_600_000;
    vi.spyOn(Date, 'now').mockImplementation(() => {
      step = -step;
      return 1e12 + step;
    });
    const [patient, impatient] = [withLock(lock, lock, () => 'got it', { longest: 20_000 }), attempt()];
    expect(await impatient).toEqual(refused(`process ${process.pid}`));
    rmSync(lock);
    expect(await patient).toBe('got it');
  });
});

test('the lock names its owner while it is held, and is gone after an error', async () => {
  const failing = withLock(lock, lock, () => {
    expect(readlinkSync(lock).split('|').slice(0, 3)).toEqual([
      String(process.pid),
      thisProcess().start,
      bootId(),
    ]);
    throw new Error('from the work');
  });
  await expect(failing).rejects.toThrow('from the work');
  expect(leftLocks()).toEqual([]);
});

test('a lock that was taken from us meanwhile is left to who has it', async () => {
  await withLock(lock, lock, () => {
    rmSync(lock);
    owned(lock, { nonce: 'theirs' });
  });
  expect(leftLocks()).toEqual(['lock']);
});

test('a folder that is not there is no lock to wait for', async () => {
  await expect(withLock(join(folder, 'no', 'lock'), lock, () => {})).rejects.toMatchObject({
    code: 'ENOENT',
  });
});
