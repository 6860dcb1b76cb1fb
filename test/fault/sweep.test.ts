import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { newLeaseId } from '../../src/domain/lease-id.ts';
import { machineName, startOf } from '../../src/lease/process.ts';
import { makeStage } from '../support/fixture.ts';
import { isProcHidden } from '../support/hidden-proc.ts';
import { runDirectory } from '../support/live.ts';
import { isRoot } from '../support/run.ts';
import { isWhole } from '../support/whole.ts';

test.runIf(isRoot() && isWhole())(
  'sweep exits 7, and says where, as long as a guest process would not end',
  async () => {
    await using stage = await makeStage({ keys: '# mine\n' });
    const folder = `${runDirectory(stage)}/${newLeaseId(machineName())}`;
    const undying = spawn('sleep', ['100'], { stdio: 'ignore' }); // Not the host's, so not theirs to end.
    try {
      const who = `${undying.pid},${startOf(undying.pid ?? 0)}`;
      await stage.account.demand('mkdir', ['-p', '-m', '700', runDirectory(stage)]);
      await stage.account.demand('mkdir', ['-m', '700', folder, `${folder}/in`, `${folder}/open`]);
      await stage.account.demand('touch', [`${folder}/in/ssh,eve,1,${who},${who},192.0.2.7`]);
      const swept = await stage.run(['sweep'], { timeout: 90_000 });
      expect(swept.stderr).toContain(`${folder}/in`);
      expect(swept.stderr).not.toContain('took back');
      expect(swept.exitCode).toBe(7);
      expect(existsSync(folder)).toBe(true);
    } finally {
      undying.kill('SIGKILL');
    }
    expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0 });
    expect(existsSync(folder)).toBe(false);
  },
);

// Without /proc, what this process writes is another machine's.
test.skipIf(isProcHidden)(
  'F1: what a dead supervisor had besides its pairing is taken back with that: a trial login had only begun',
  async () => {
    await using stage = await makeStage({ keys: '# mine\n' });
    const root = runDirectory(stage);
    const supervisor = { pid: 1, start: '1', boot: 'of another start' };
    const lease = async (file: string, of: object): Promise<string> => {
      const id = newLeaseId(machineName());
      const folder = `${root}/${id}`;
      await stage.account.demand('mkdir', [
        '-p',
        '-m',
        '700',
        root,
        folder,
        `${folder}/in`,
        `${folder}/open`,
      ]);
      const record = { version: 1, id, supervisor: of, keyFile: file, folderAbsent: false, startedAt: '' };
      const script = `umask 77; printf %s "$1" >${folder}/record.json`;
      await stage.account.demand('sh', ['-c', script, 'sh', JSON.stringify(record)]);
      return folder;
    };
    const file = `${stage.account.home}/.ssh/authorized_keys`;
    const pairing = await lease(file, supervisor);
    const trial = await lease(`${root}/none/authorized_keys`, supervisor);
    const another = await lease(file, { ...supervisor, pid: 2 });
    const withKey = `${root}/.${newLeaseId(machineName())}.1.1`;
    await stage.account.demand('mkdir', ['-m', '700', withKey]);
    expect(await stage.run(['sweep', '--lease', pairing])).toMatchObject({ exitCode: 0 });
    const left = [pairing, trial, withKey, another].filter((folder) => existsSync(folder));
    expect(left).toEqual([another]);
    expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0 });
    expect(existsSync(another)).toBe(false);
  },
);

test.skipIf(isProcHidden)(
  'sweep removes a line that leads to a folder which is no lease, and leaves that folder alone',
  async () => {
    await using stage = await makeStage({ keys: '# mine\n' });
    const guest = await stage.guest();
    const id = newLeaseId(machineName());
    const file = await stage.writeFile(`${id}/open/letter`, 'dear ada\n');
    await stage.account.demand('chmod', ['700', stage.account.home]);
    const folder = `${stage.account.home}/x/../${id}`;
    await stage.account.demand('mkdir', [`${stage.account.home}/x`]);
    const key = guest.identity.publicKey.split(' ').slice(0, 2).join(' ');
    await stage.writeKeys(`restrict,command="exec ${folder}/gate eve" ${key} tmuxpair:${id}:eve\n# mine\n`);
    expect(await stage.run(['sweep'])).toMatchObject({ exitCode: 0 });
    expect(stage.keysFile()?.toString()).toBe('# mine\n');
    expect(existsSync(file)).toBe(true);
  },
);

test('S15: sweep leaves the host’s own line alone, whatever its comment is like', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const id = newLeaseId(machineName());
  const key = guest.identity.publicKey.split(' ').slice(0, 2).join(' ');
  const gate = `/run/user/1/tmuxpair/${id}/gate`;
  const own = [
    `${key} tmuxpair:${id}:bob`,
    `no-pty ${key} tmuxpair:${newLeaseId(machineName())}:bob created=file`,
    `restrict,command="/usr/bin/backup" ${key} tmuxpair:${newLeaseId(machineName())}:bob`,
    `restrict,expiry-time="20200101000000Z",command="id; exec ${gate} bob" ${key} tmuxpair:${id}:bob`,
  ];
  await stage.writeKeys(`${own.join('\n')}\n`);
  const before = stage.snapshot();
  const swept = await stage.run(['sweep']);
  expect({ stderr: swept.stderr, exitCode: swept.exitCode }).toEqual({ stderr: '', exitCode: 0 });
  stage.expectUntouched(before);
});
