import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { keyFileOf } from '../support/pairing.ts';
import { until } from '../support/wait.ts';

test('--forward: what sshd lets a silent connection do past the end is said beforehand', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const server = createServer((socket) => socket.end('served')).unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = String(typeof address === 'object' ? address?.port : '');
  const path = await keyFileOf(stage, guest);
  const started = await stage.run(['--unattended', '-d', '--forward', port, path]);
  expect(started.stdout).toContain('a forwarding that they hold open without a terminal (ssh -N) lasts past');

  const silent = await guest.master();
  const local = `${guest.account.scratch}/local`;
  await silent.control('forward', ['-L', `${local}:127.0.0.1:${port}`]);
  const reach = (): Promise<string> => text(connect(local)).catch(String);
  await until(async () => (await reach()) === 'served', { what: 'the port to be reached' });
  expect((await stage.run(['stop'])).exitCode).toBe(0);
  // Should this fail, a way has been found to end such connections: then the words above have to go.
  expect(await reach()).toBe('served');
  server.close();
});
