import { expect, test } from 'vitest';
import { Stopped, unlessStopped } from '../../src/pairing/stop.ts';

const stopped = new Stopped('SIGTERM');

test('what is waited for gives its value, or its error, where nobody stops it', async () => {
  const { signal } = new AbortController();
  expect(await unlessStopped(signal, Promise.resolve(1))).toBe(1);
  await expect(unlessStopped(signal, Promise.reject(new Error('its own')))).rejects.toThrow('its own');
});

test('a stop signal is not held up by what is waited for, which may fail later unheard', async () => {
  const controller = new AbortController();
  let fail: (error: Error) => void = () => {};
  const slow = new Promise((_, reject) => {
    fail = reject;
  });
  const waiting = unlessStopped(controller.signal, slow);
  controller.abort(stopped);
  await expect(waiting).rejects.toBe(stopped);
  fail(new Error('late'));
});

test('one that came before is heard at once, and what then fails is not', async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', hear);
  try {
    const failing = Promise.reject(new Error('late'));
    await expect(unlessStopped(AbortSignal.abort(stopped), failing)).rejects.toBe(stopped);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unheard).toEqual([]);
  } finally {
    process.off('unhandledRejection', hear);
  }
});
