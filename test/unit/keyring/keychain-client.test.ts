import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectKeychain } from '../../../src/keyring/keychain-client.ts';
import { hasSessionBus, spawnKeychain } from '../../../src/keyring/start-keychain.ts';

const hello = '{"protocol":1,"ready":true}';
const get = { op: 'get', account: 'github:octocat' } as const;

/** A keychain process that is a shell script. */
function scripted(script: string, budgetMs = 20_000) {
  return connectKeychain(spawnKeychain('/bin/sh', ['-c', script], process.env), budgetMs);
}

test.each([
  ['no JSON', 'echo hi'],
  ['no hello', `echo '{"id":0,"ok":true,"value":"x"}'`],
  ['a hello of another protocol', `echo '{"protocol":2,"ready":true}'`],
  ['a second hello', `echo '${hello}'; echo '${hello}'`],
  ['an answer to nothing', `echo '${hello}'; echo '{"id":7,"ok":true,"value":"x"}'`],
  ['an answer of another shape', `echo '${hello}'; echo '{"id":0,"ok":true,"value":{}}'`],
])('%s ends it', async (_, script) => {
  const client = scripted(`read _; ${script}; exec sleep 60`);
  const refused = { ok: false, trouble: { cause: 'crashed', how: 'it answered nonsense' } };
  expect(await client.ask(get)).toEqual(refused);
  expect(await client.ask(get)).toEqual(refused);
});

test('a program that cannot be started, or ends by itself, is a crash with its reason', async () => {
  const missing = connectKeychain(spawnKeychain('/nonexistent/node', [], {}), 20_000);
  expect(await missing.ask(get)).toMatchObject({
    ok: false,
    trouble: { how: expect.stringMatching(/ENOENT/) },
  });
  expect(await scripted('exit 3').ask(get)).toMatchObject({ trouble: { how: 'exit status 3' } });
});

test('the budget is one for all requests: time waited before counts', async () => {
  const answerOnce = `echo '${hello}'; read _; sleep 1; echo '{"id":0,"ok":true,"value":null}'; exec sleep 60`;
  const client = scripted(answerOnce, 1500);
  const from = performance.now();
  expect(await client.ask(get)).toEqual({ ok: true, value: null });
  expect(await client.ask(get)).toEqual({ ok: false, trouble: { cause: 'no-answer', milliseconds: 1500 } });
  expect(performance.now() - from).toBeLessThan(2300);
});

test('a Ctrl-C at the terminal does not reach it: it leads a process group of its own', async () => {
  const child = spawnKeychain('/bin/sh', ['-c', 'read _'], process.env);
  expect(process.kill(-(child.pid ?? 0), 0)).toBe(true);
  connectKeychain(child, 20_000).kill();
});

test('a session bus is an address whose socket is there, or the one in the runtime directory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bus-'));
  const plain = join(folder, 'plain');
  writeFileSync(plain, '');
  expect(hasSessionBus({ XDG_RUNTIME_DIR: folder })).toBe(false);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, 'bus'), resolve));
  const address = (DBUS_SESSION_BUS_ADDRESS: string) => hasSessionBus({ DBUS_SESSION_BUS_ADDRESS });
  expect(hasSessionBus({})).toBe(false);
  expect(hasSessionBus({ DISPLAY: ':0' })).toBe(false);
  expect(hasSessionBus({ XDG_RUNTIME_DIR: folder })).toBe(true);
  expect(address(`unix:path=${folder}/bus`)).toBe(true);
  expect(address(`unix:path=${folder}/none;unix:guid=1,path=${folder}/bus`)).toBe(true);
  expect(address(`unix:path=${folder}/none`)).toBe(false);
  expect(address(`unix:path=${plain}`)).toBe(false);
  expect(address('unix:abstract=/tmp/dbus-x')).toBe(true);
  expect(address('tcp:host=127.0.0.1,port=1')).toBe(true);
  if (process.geteuid?.() === 0) {
    chownSync(join(folder, 'bus'), 12_345, 12_345); // M1: as in a `sudo -E` shell.
    expect(address(`unix:path=${folder}/bus`)).toBe(false);
    expect(hasSessionBus({ XDG_RUNTIME_DIR: folder })).toBe(false);
  }
  server.close();
  rmSync(folder, { recursive: true });
});
