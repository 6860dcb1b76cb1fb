import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { keyFileOf, leaseLines } from '../support/pairing.ts';

test('M2: what authorized_keys has besides its text is there while guests can come, and afterwards', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  const { account, keysPath, sshd } = stage;
  const path = await keyFileOf(stage, await stage.guest());
  const attributes = () =>
    account.demand('getfattr', ['--absolute-names', '-d', '-m', '-', '-e', 'hex', keysPath]);
  await account.demand('setfattr', ['-n', 'user.managed-by', '-v', 'somebody', keysPath]);
  await account.demand('setfacl', ['-m', 'u:daemon:r', keysPath]);
  const [before, files] = [await attributes(), stage.snapshot()];
  expect(before).toMatch(/posix_acl_access=.*user\.managed-by=/s);
  const started = await stage.run(['--unattended', '-d', '--ttl', '5m', '--port', String(sshd.port), path]);
  expect(started).toMatchObject({ exitCode: 0 });
  expect(leaseLines(stage)).toHaveLength(1);
  expect(await attributes()).toBe(before);
  expect((await stage.run(['extend', '5m'])).exitCode).toBe(0);
  expect((await stage.run(['stop'])).exitCode).toBe(0);
  expect(await attributes()).toBe(before);
  stage.expectUntouched(files);
});
