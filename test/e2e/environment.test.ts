import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft, invited } from '../support/live.ts';

test('U4: read-only from the environment, in each spelling, at the start and for who is invited later', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  await Promise.all(['ada', 'bob', 'eve'].map((name) => invited(stage, name)));
  const before = stage.snapshot();
  const start = ['--port', String(stage.sshd.port), '--unattended', '-d', '--ttl', '5m'];
  const env = { TMUXPAIR_READONLY: 'yes' };
  expect(await stage.run([...start, 'ada.pub'], { env })).toMatchObject({ exitCode: 0 });
  expect(await stage.run(['invite', 'bob.pub'], { env: { TMUXPAIR_READ_ONLY: '1' } })).toMatchObject({
    exitCode: 0,
  });
  expect(await stage.run(['invite', '--no-read-only', 'eve.pub'], { env })).toMatchObject({ exitCode: 0 });
  const access = (await theOne(stage)).guests.map((guest) => `${guest.label} ${guest.access}`);
  expect(access).toEqual(['ada read-only', 'bob read-only', 'eve read-write']);
  await stage.run(['stop'], { env });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test('U4: what is no option in the environment starts nothing, and is named with what is close', async () => {
  await using stage = await makeStage({ keys: '# mine\n' });
  await invited(stage, 'ada');
  const before = stage.snapshot();
  const start = ['--port', String(stage.sshd.port), '--unattended', '-d', 'ada.pub'];
  expect(await stage.run(start, { env: { TMUXPAIR_READ_ONLI: '1' } })).toEqual({
    exitCode: 2,
    signal: null,
    stdout: '',
    stderr:
      'tmuxpair: error: TMUXPAIR_READ_ONLI is no option of tmuxpair\n' +
      'tmuxpair: hint: did you mean TMUXPAIR_READ_ONLY?\n',
  });
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});
