import { chmodSync, existsSync, symlinkSync, unlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ask } from '../support/control.ts';
import { makeStage } from '../support/fixture.ts';
import { expectNothingLeft, leases } from '../support/live.ts';
import { keyFileOf, leaseLines, startPairing } from '../support/pairing.ts';
import { until } from '../support/wait.ts';

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

test('F2: an invitation that waits for the file while the pairing ends lets nobody in, and leaves no line', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  const [guest, other] = await Promise.all([stage.guest(), stage.guest()]);
  if (!guest || !other) throw new Error('two guests');
  const path = await keyFileOf(stage, guest, 'ada');
  for (let n = 1; n <= 4; n++) {
    const host = await startPairing(stage, [path]);
    const [folder = ''] = leases(stage);
    const lock = `${stage.keysPath}.tmuxpair.lock`;
    symlinkSync('1|of|another|machine|x', lock);
    const keys = [other.identity.publicKey.split(' ').slice(0, 2).join(' ')];
    const bob = { reference: { provider: 'file', name: '/bob.pub', text: 'file:/bob.pub' }, keys };
    const inviting = ask(folder, { op: 'invite', guests: [{ ...bob, access: 'read-write' }] });
    await until(() => existsSync(`${folder}/open/bob`), { what: 'the invitation to have begun' });
    const stopping = ask(folder, { op: 'stop' });
    await until(() => !existsSync(`${folder}/open/bob`), { what: 'the end to have begun' });
    unlinkSync(lock);

    // Which of the two gets the lock first is chance: over the rounds, both.
    expect(await inviting).toMatchObject({ ok: false, failure: { kind: 'no-such-pairing' } });
    expect(await stopping).toMatchObject({ ok: true });
    expect(stage.keysFile()?.toString()).toBe('# mine\n');
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
  }
});
