import { expect, test } from 'vitest';
import { ask } from '../support/control.ts';
import { makeStage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { invited, leases, liveOf } from '../support/live.ts';
import { destinationOf, forPrivateDoor } from '../support/private-door.ts';
import { readProcess } from '../support/processes.ts';
import { rows } from '../support/whole.ts';

test.each(
  rows(
    [
      ['the system sshd, attended', 'system', 'attended'],
      ['the private sshd, attended', 'private', 'attended'],
      ['the system sshd, unattended', 'system', 'unattended'],
      ['the private sshd, unattended', 'private', 'unattended'],
    ],
    2,
  ),
)('U2: %s: access swings back and forth ten times, and the guest stays connected', async (_, door, host) => {
  await using stage = await makeStage(forPrivateDoor);
  const ada = await invited(stage, 'ada');
  const options = ['--host', '127.0.0.1', 'ada.pub'];
  const unattended = ['--unattended', '--detach'];
  const at = door === 'private' ? ['--door', 'private'] : ['--port', String(stage.sshd.port)];
  if (host === 'unattended')
    expect(await stage.run([...at, ...unattended, ...options])).toMatchObject({ exitCode: 0 });
  else {
    const terminal = await stage.start([...at, ...options]);
    await liveOf(stage, terminal, terminal.pid);
  }
  const [folder = ''] = leases(stage);
  const destination = destinationOf((await theOne(stage)).sshCommand);
  const seat = await ada.as({ destination }).join();
  await seat.waitFor('[pair]');
  const [{ connections } = { connections: [] }] = (await theOne(stage)).guests;
  const client = readProcess(connections[0]?.pid ?? 0);

  for (let swing = 1; swing <= 10; swing++) {
    const access = swing % 2 === 1 ? 'read-only' : 'read-write';
    expect(await ask(folder, { op: 'access', guest: 'ada', access })).toMatchObject({ ok: true });
    if (access === 'read-only') await seat.waitFor('view only, q leaves');
    else {
      await seat.waitForNo('view only');
      await seat.type(`echo $((${swing}+1000))-typed\r`);
      await seat.waitFor(`${swing + 1000}-typed`);
    }
  }
  // As fast as they come, each answered before the guest is where the one before has put them.
  for (let swing = 1; swing <= 11; swing++) {
    const access = swing % 2 === 1 ? 'read-only' : 'read-write';
    expect(await ask(folder, { op: 'access', guest: 'ada', access })).toMatchObject({ ok: true });
  }
  await seat.waitFor('view only, q leaves');
  expect(await seat.isRunning()).toBe(true);
  expect(readProcess(client?.pid ?? 0)?.startTime).toBe(client?.startTime);
  expect((await theOne(stage)).guests[0]?.connections).toHaveLength(1);
});
