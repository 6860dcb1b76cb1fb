import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { program } from '../support/program.ts';

test('keys come from standard input, and the host still has a terminal', async () => {
  await using stage = await makeStage({ keys: '' });
  const before = stage.snapshot();
  const guest = await stage.guest();
  const key = await stage.writeFile('guest.pub', `${guest.identity.publicKey}\n`);
  const { file, args } = program();
  const line = `cat ${key} | ${[file, ...args].join(' ')} --port ${stage.sshd.port} -`;
  const host = await stage.terminal(['sh', '-c', line]);
  await host.waitFor(/your guest types/);
  const seat = await guest.join();
  await host.type('echo host-$((40+2))\r');
  await seat.waitFor('host-42');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  stage.expectUntouched(before);
});
