import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { keyFileOf } from '../support/pairing.ts';
import { doorProcesses, forPrivateDoor, invite } from '../support/private-door.ts';
import { isRoot } from '../support/run.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const privately = ['--door', 'private'];
const told = 'logged in but did not reach the session: ended';

/** A stage whose login shell does as `~/mood` says, if that is there: what no look at it beforehand can tell. */
async function makeMoody() {
  const stage = await makeStage({ account: { devpts: 'good', shell: '/bin/sh' } });
  const { name, home, asRoot } = stage.account;
  const shell = `${home}/.shell`;
  await stage.writeFile(
    '.shell',
    `#!/bin/sh\n[ ! -e ${home}/mood ] || . ${home}/mood\nexec /bin/sh "$@"\n`,
    0o755,
  );
  await asRoot(`usermod -s ${shell} ${name}`);
  return {
    stage,
    mood: (script: string) => stage.writeFile('mood', script),
  };
}

/** A mood in which whoever comes has a shell that no hangup ends; it writes down which process it is. */
const taken = ({ account }: Stage): string =>
  `trap '' HUP TERM; echo $$ >${account.home}/taken-$$; echo past the gate; while :; do sleep 1; done\n`;

function pidsTaken(stage: Stage): number[] {
  return stage
    .processes()
    .filter(({ pid }) => existsSync(`${stage.account.home}/taken-${pid}`))
    .map(({ pid }) => pid);
}

test.runIf(isRoot())(
  'I15 I17: a login whose shell does not become the gate is ended, and what has the terminal; the host is told',
  async () => {
    const { stage: made, mood } = await makeMoody();
    await using stage = made;
    const guest = await stage.guest();
    const { host, destination } = await invite(stage, [...privately, '-r', await keyFileOf(stage, guest)]);
    await mood(taken(stage));
    const seat = await guest.as({ destination }).join();
    await seat.waitFor('past the gate');
    expect(pidsTaken(stage)).toHaveLength(1);
    await until(() => pidsTaken(stage).length === 0, { what: 'the end of what is no gate', timeout: 45_000 });
    await until(() => doorProcesses(stage).length === 0, { what: 'the end of their connection' });
    expect(await seat.exitStatus()).not.toBe(0);
    await host.waitFor(told);
    const line = `${told}: 127.0.0.1, ${guest.identity.fingerprint}`;
    await until(async () => (await stage.run(['log'])).stdout.includes(line), { what: 'the log to tell it' });
  },
);

test.runIf(isRoot() && isWhole())(
  'I15: the same in a later session of a connection whose gate has registered',
  async () => {
    const { stage: made, mood } = await makeMoody();
    await using stage = made;
    const guest = await stage.guest();
    const { destination } = await invite(stage, [...privately, '-r', await keyFileOf(stage, guest)]);
    await using master = await guest.as({ destination }).master();
    expect((await master.channel(['-T'])).stderr).toContain('only a terminal to share here');
    await mood(taken(stage));
    const seat = await master.join();
    await seat.waitFor('past the gate');
    await until(() => pidsTaken(stage).length === 0, { what: 'the end of what is no gate', timeout: 45_000 });
    expect(await master.isAlive()).toBe(false);
  },
);

test.runIf(isRoot() && isWhole())('I15: a shell that starts slowly still comes to the gate', async () => {
  const { stage: made, mood } = await makeMoody();
  await using stage = made;
  const guest = await stage.guest();
  const { destination } = await invite(stage, [...privately, await keyFileOf(stage, guest)]);
  await mood('sleep 4\n');
  const seat = await guest.as({ destination }).join();
  await seat.waitFor('[pair]');
});

test('I15 I17: ssh -N is ended where there is nothing to stay for; who waits for a yes may stay', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const { host, destination } = await invite(stage, [
    ...privately,
    '--approve',
    await keyFileOf(stage, guest),
  ]);
  const there = guest.as({ destination });
  const waiting = await there.join();
  await waiting.waitFor('waiting for your host to let you in');
  const idle = there.hold(['-N']);
  await until(() => doorProcesses(stage).length === 4, { what: 'both to be in' });
  await until(() => idle.exitCode !== null, { what: 'the end of ssh -N', timeout: 45_000 });
  await host.waitFor(told);
  expect(await waiting.isRunning()).toBe(true);
  expect(doorProcesses(stage)).toHaveLength(2);
});

test('I15: ssh -N of a guest to whom a port is forwarded may stay, and of one who may only look not', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const [guest, eve] = await Promise.all([stage.guest(), stage.guest()]);
  const { destination } = await invite(stage, [
    ...[...privately, '--forward', '9', await keyFileOf(stage, guest)],
  ]);
  await stage.run(['invite', '-r', await keyFileOf(stage, eve, 'eve')]);
  await using hers = await guest.as({ destination }).master();
  const idle = eve.as({ destination }).hold(['-N']);
  await until(() => idle.exitCode !== null, { what: 'the end of ssh -N', timeout: 45_000 });
  expect(await hers.isAlive()).toBe(true);
});

test.runIf(isWhole())(
  'S8: however often a guest logs in, there are few processes, and others are not disturbed',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    const [guest, eve] = await Promise.all([stage.guest(), stage.guest()]);
    const files = [await keyFileOf(stage, guest), await keyFileOf(stage, eve, 'eve')];
    const { host, destination } = await invite(stage, [...privately, '--forward', '9', ...files]);
    const seat = await guest.as({ destination }).join();
    await seat.waitFor('[pair]');
    const many = Array.from({ length: 40 }, () => eve.as({ destination }).hold(['-N']));
    const ended = () => many.filter(({ exitCode }) => exitCode !== null).length;
    await until(() => ended() >= 32, { what: 'those over the cap to be ended', timeout: 60_000 });
    expect((await stage.run(['log'])).stdout).toContain('logged in too often: ended');
    expect(ended()).toBe(32);
    expect(doorProcesses(stage)).toHaveLength(2 + 8 * 2);
    await seat.type('echo still-$((20+1))\r');
    await host.waitFor('still-21');
    // The gate tells who comes for a session.
    for (const one of many) one.kill();
    await until(() => doorProcesses(stage).length === 2, { what: 'them to be gone' });
    const seats = await Promise.all(Array.from({ length: 8 }, () => eve.as({ destination }).join()));
    for (const one of seats) await one.waitFor('[pair]');
    expect((await eve.as({ destination }).run(['-tt'])).stdout).toContain('you are in 8 times already');
  },
);

/** Sockets that say this and no more, and come again as soon as they are closed. */
function renew(port: number, count: number, greeting: string) {
  let [stopped, greeted] = [false, 0];
  const sockets = new Set<Socket>();
  const open = (): void => {
    if (stopped) return;
    const socket = connect(port, '127.0.0.1', () => socket.write(greeting));
    sockets.add(socket);
    socket
      .on('error', () => {})
      .once('data', () => {
        greeted += 1;
      });
    socket.once('close', () => {
      sockets.delete(socket);
      open();
    });
  };
  for (let n = 0; n < count; n++) open();
  return {
    greeted: () => greeted,
    [Symbol.dispose]: () => {
      stopped = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

test.each(
  rows(
    [
      [70, 'nothing', ''],
      [250, 'nothing', ''],
      [150, 'a greeting', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ],
    1,
  ),
)(
  'S14: against %d renewing sockets from one address that say %s, a guest of that address is in within seconds',
  async (count, _, greeting) => {
    await using stage = await makeStage(forPrivateDoor);
    const guest = await stage.guest();
    const { host, destination } = await invite(stage, [...privately, await keyFileOf(stage, guest)]);
    {
      using crowd = renew(destination.port, count, greeting);
      await until(() => crowd.greeted() >= 64, { what: 'a full house', timeout: 30_000 });
      const processes = () => doorProcesses(stage).length;
      const since = performance.now();
      const seat = await guest.as({ destination }).join();
      await seat.waitFor('[pair]', { timeout: 60_000 });
      expectWithin(performance.now() - since, greeting === '' ? 10_000 : 30_000);
      expect(processes()).toBeLessThanOrEqual(2 * 65);
      // From elsewhere at once, and whoever is in stays in.
      const other = await guest.as({ destination }).join({ options: ['-b', '127.0.0.2'] });
      await other.waitFor('[pair]');
      await seat.type('echo still-$((20+1))\r');
      await host.waitFor('still-21');
    }
    await until(() => doorProcesses(stage).length <= 4, { what: 'them to be gone', timeout: 30_000 });
  },
);
