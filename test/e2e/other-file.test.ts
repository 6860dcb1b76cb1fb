import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { keyFileOf, leaseLines } from '../support/pairing.ts';

test('G12: a key that the usual file has is refused for another file, too: sshd may read the usual one first', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  const guest = await stage.guest();
  await stage.writeKeys(`# mine\n${guest.identity.publicKey}\n`);
  const before = stage.snapshot();
  const second = `${stage.account.home}/.ssh/authorized_keys2`;
  const path = await keyFileOf(stage, guest);
  const refused = await stage.run(['-r', '--unattended', '-d', '--authorized-keys', second, path]);
  expect(refused.stderr).toContain(`${stage.keysPath}:2`);
  expect(refused.exitCode).toBe(5);
  stage.expectUntouched(before);
  expect(leaseLines(stage)).toEqual([]);
});
