import { chmodSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { expectNothingLeft, keyFileOf, leaseLines, startPairing } from '../support/pairing.ts';

test('F5: stop says so, and exits 7, where the lines can not be taken back', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  const guest = await stage.guest();
  const host = await startPairing(stage, [await keyFileOf(stage, guest)]);
  const ssh = `${stage.account.home}/.ssh`;
  chmodSync(ssh, 0o500);

  const stop = await stage.run(['stop']);
  expect(leaseLines(stage)).toHaveLength(1);
  expect(stop.stdout).toBe('');
  expect(stop.stderr).toContain(`${stage.keysPath}`);
  expect(stop.exitCode).toBe(7);

  chmodSync(ssh, 0o700);
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(7);
  await expectNothingLeft(stage); // The dead man's switch has tried again.
  expect(stage.keysFile()?.toString()).toBe('# mine\n');
});
