import { expect, test } from 'vitest';
import { ask } from '../support/control.ts';
import { makeStage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { goLive, invited, leases, liveOf } from '../support/live.ts';
import { destinationOf, forPrivateDoor } from '../support/private-door.ts';
import { readProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';
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
  // As fast as they come.
  for (let swing = 1; swing <= 11; swing++) {
    const access = swing % 2 === 1 ? 'read-only' : 'read-write';
    expect(await ask(folder, { op: 'access', guest: 'ada', access })).toMatchObject({ ok: true });
  }
  await seat.waitFor('view only, q leaves');
  expect(await seat.isRunning()).toBe(true);
  expect(readProcess(client?.pid ?? 0)?.startTime).toBe(client?.startTime);
  expect((await theOne(stage)).guests[0]?.connections).toHaveLength(1);
});

test('W4: who types has their client become a shell in the place of the gate: they are put out, and come back to look', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['ada.pub']);
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  const shell = await stage.writeFile('kept', '#!/bin/sh\nexec bash --norc -i\n', 0o755);
  await seat.type(`tmux set-hook -g after-set-option 'set-option -t =pair: default-shell ${shell}'; clear\r`);
  await until(async () => (await live.room('show-hooks', '-g')).stdout.includes(shell), { what: 'the hook' });

  expect(await stage.run(['access', '--yes', 'ada', 'ro'])).toMatchObject({ exitCode: 0 });

  await seat.exitStatus();
  const left = stage.processes().filter(({ cmd }) => /bash --norc -i|\/kept/.test(cmd));
  expect(left).toEqual([]);
  await (await ada.join()).waitFor('view only, q leaves');
});
