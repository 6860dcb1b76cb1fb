import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { on, type Platform, platforms } from '../support/platform.ts';
import { until } from '../support/wait.ts';

let children: ChildProcess[];
beforeEach(() => {
  children = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
});

async function start(file: string, args: readonly string[]): Promise<ChildProcess & { pid: number }> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

const as = (platform: Platform) => on(platform, () => import('../../src/lease/process.ts'));

describe.each(platforms)('a process, as told on %s,', (platform) => {
  test('is itself, and no other with its number', async () => {
    const { isAlive, isRunning, startOf, thisProcess } = await as(platform);
    const me = thisProcess();
    expect(me).toMatchObject({ pid: process.pid, start: startOf(process.pid) });
    expect(me.start).toMatch(/^[\w:]+$/);
    expect(isAlive(me)).toBe(true);
    expect(isRunning(me.pid, me.start)).toBe(true);
    expect(isRunning(me.pid, `${me.start}0`)).toBe(false);
    expect(isAlive({ ...me, start: '' })).toBe(false);
    expect(isAlive({ ...me, boot: `${me.boot}x` })).toBe(false);
    expect(isAlive({ ...me, pid: process.ppid })).toBe(false);
  });

  test('is dead when it has ended, and never was where there is none', async () => {
    const { commandOf, isRunning, startOf } = await as(platform);
    const child = await start('sleep', ['60']);
    const began = startOf(child.pid) ?? '';
    await until(() => commandOf(child.pid) === 'sleep', { what: 'sleep to be sleep' });
    expect(startOf(child.pid)).toBe(began); // It has become another program, and is the same process.
    expect(isRunning(child.pid, began)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(child.pid, began)).toBe(false);
    expect(startOf(2 ** 22 + 1)).toBeUndefined();
    expect(commandOf(2 ** 22 + 1)).toBeUndefined();
    expect(isRunning(Number.NaN, '')).toBe(false);
  });

  test('is dead as a zombie', async () => {
    const { startOf } = await as(platform);
    const parent = await start('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60']);
    const [line] = (await once(parent.stdout ?? parent, 'data')) as [Buffer];
    const zombie = Number(line.toString());
    const state = () =>
      execFileSync('ps', ['-o', 'state=', '-p', String(zombie)])
        .toString()
        .trim();
    await until(() => state() === 'Z', { what: 'a zombie' });
    expect(startOf(zombie)).toBeUndefined();
  });

  test('has a name, whatever it is', async () => {
    const { commandOf, startOf } = await as(platform);
    const folder = mkdtempSync(join(tmpdir(), 'tmuxpair-process-'));
    try {
      const odd = join(folder, 'a) Z 1 (b');
      copyFileSync('/bin/sleep', odd);
      const child = await start(odd, ['60']);
      await until(() => commandOf(child.pid)?.startsWith('a)'), { what: 'its name' });
      expect(commandOf(child.pid)).toBe('a) Z 1 (b');
      expect(startOf(child.pid)).toBeDefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.runIf(platforms.includes('darwin'))(
  'what ps tells is the same in every time zone and language',
  async () => {
    const { startOf } = await as('darwin');
    vi.stubEnv('TZ', 'Asia/Tokyo');
    vi.stubEnv('LC_ALL', 'C.UTF-8');
    const there = startOf(process.pid);
    vi.stubEnv('TZ', 'America/New_York');
    expect(startOf(process.pid)).toBe(there);
  },
);

test('where processes can not be told apart, nothing begins; and none is taken for dead', async () => {
  const { isAlive, isRunning, thisProcess } = await as('darwin');
  vi.stubEnv('PATH', '/nonexistent');
  expect(thisProcess).toThrow(
    expect.objectContaining({ failure: expect.objectContaining({ kind: 'program-missing', program: 'ps' }) }),
  );
  expect(isRunning(process.pid, 'whenever')).toBe(true);
  expect(isAlive({ pid: process.pid, start: 'whenever', boot: '' })).toBe(process.platform !== 'linux');
});

test.runIf(process.platform === 'linux')('the time since boot is the kernel’s', async () => {
  const { bootId, uptime } = await as('linux');
  expect(Math.abs(uptime() - Number.parseFloat(readFileSync('/proc/uptime', 'utf8')))).toBeLessThan(5);
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});
