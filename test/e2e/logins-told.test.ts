import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { makeIdentity } from '../support/identity.ts';
import { theOne } from '../support/listed.ts';
import { invited } from '../support/live.ts';
import { forPrivateDoor, invite } from '../support/private-door.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

const privately = ['--door', 'private', '--host', '127.0.0.1'];
const here = 'logged in but did not reach the session';

test('I17: who logged in at a private sshd without a session is known to list, to the report and to the log', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const ada = await invited(stage, 'ada');
  await invited(stage, 'bob');
  const keys = ['ada.pub', 'bob.pub'];
  const running = stage.run(['--unattended', '--json', ...privately, '--join-timeout', '9s', ...keys]);
  const { guests, sshCommand } = await until(() => theOne(stage).catch(() => undefined), {
    what: 'the pairing',
    timeout: 45_000,
  });
  expect(guests.map(({ loggedIn }) => loggedIn)).toEqual([false, false]);
  const port = Number(/-p (\d+)/.exec(sshCommand)?.[1]);
  const there = ada.as({ destination: { ...ada.destination, port } });
  {
    await using _ = await there.master(); // Gone before it would be ended.
    await until(async () => (await theOne(stage)).guests[0]?.loggedIn, { what: 'the login' });
  }
  const { stdout: list } = await stage.run(['list']);
  expect(list).toMatch(/ ada \(.*\n.*\n {4}has logged in, and is not in the session now\n {2}bob /);
  const { stdout } = await running;
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toEqual({
    ended: { reason: 'nobody-joined', visits: [], neverIn: ['ada'] },
  });
  const { stdout: log } = await stage.run(['log']);
  expect(log).toContain(`ended: nobody reached the session, ada ${here}`);
});

test.runIf(isWhole())(
  'I17: the report says who logged in, and of the system’s sshd no more than is known',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    const ada = await invited(stage, 'ada');
    const path = `${stage.account.home}/ada.pub`;
    const { host, destination } = await invite(stage, [...privately, path]);
    {
      await using _ = await ada.as({ destination }).master();
      await until(async () => (await theOne(stage)).guests[0]?.loggedIn, { what: 'the login' });
    }
    await host.sendKeys('C-b', 'd');
    await host.exitStatus();
    const said = await host.transcript();
    expect(said).toContain(`ada ${here}`);
    expect(said).not.toContain('nobody');

    const system = await stage.pair([path]);
    await system.waitFor('your guest types');
    expect((await ada.run([], ['id'])).stderr).toContain('only a terminal to share');
    await system.waitFor('ada was refused');
    await system.sendKeys('C-b', 'd');
    await system.exitStatus();
    expect(await system.transcript()).toContain(`ada ${here}`);
    const nobody = await stage.pair([path]);
    await nobody.waitFor('your guest types');
    await nobody.sendKeys('C-b', 'd');
    await nobody.exitStatus();
    expect(await nobody.transcript()).toContain('nobody reached the session');
  },
);

test('M4: keys that are not invited, and too many before the one that is, are told to the host', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const [ada, eve] = [await invited(stage, 'ada'), await stage.guest()];
  const { host, destination } = await invite(stage, [...privately, `${stage.account.home}/ada.pub`], {
    columns: 200,
  });
  expect((await eve.as({ destination }).run(['-tt'])).exitCode).toBe(255);
  await host.waitFor('a login from 127.0.0.1 was refused: none of its keys is invited');
  const others = await Promise.all(Array.from({ length: 25 }, () => makeIdentity(ada.account)));
  const first = others.flatMap(({ privateKeyFile }) => ['-i', privateKeyFile]);
  const { stderr } = await ada.as({ destination }).run(['-tt', ...first]);
  expect(stderr).toContain('Too many authentication failures');
  await host.waitFor(/was refused: too many keys before an invited one; .*-i KEY -o IdentitiesOnly=yes/);
  // With fewer, one that is not invited is no word worth.
  const seat = await ada.as({ destination }).join({ options: first.slice(0, 4) });
  await seat.waitFor('[pair]');
  const { stdout } = await stage.run(['log']);
  expect(stdout.match(/a login was refused/g)).toHaveLength(2);
});
