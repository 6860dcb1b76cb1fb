import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Attempt, commands, copies, forwards, openTargets } from '../support/attempts.ts';
import { makeStage } from '../support/fixture.ts';
import { expectNothingLeft, inRoom, keyFileOf } from '../support/pairing.ts';
import { doorProcesses, forPrivateDoor, invite } from '../support/private-door.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const privately = ['--door', 'private'];

test('G1 G2 G3: a guest runs no command, copies nothing and forwards nothing', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const { host, destination } = await invite(stage, [...privately, await keyFileOf(stage, guest)]);
  const environment = await inRoom(stage, 'pair', 'show-environment');
  await using targets = await openTargets(stage);
  const there = guest.as({ destination });
  const attempts = { ...commands, ...copies, ...forwards };
  await using master = await there.master();
  await master.channel(['-T']); // A connection that never comes to the gate is ended.
  const worked: string[] = [];
  for (const [name, attempt] of Object.entries<Attempt>(attempts)) {
    if (await attempt(there, { stage, master, ...targets })) worked.push(name);
  }
  expect(worked).toEqual([]);
  expect(await there.run(['-s'], ['undefined'])).toMatchObject({ exitCode: 255, stdout: '' });
  expect(existsSync(`${stage.account.home}/made`)).toBe(false);
  expect(await inRoom(stage, 'pair', 'show-environment')).toBe(environment);
  expect(await host.isRunning()).toBe(true);
});

test('G3: --forward lets exactly 127.0.0.1:PORT through: by the key, and by the configuration without the key', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  await using targets = await openTargets(stage);
  await using closed = await openTargets(stage);
  const port = ['--forward', String(targets.port)];
  const { destination } = await invite(stage, [...privately, ...port, await keyFileOf(stage, guest)]);
  const there = guest.as({ destination });
  const tried = async () => {
    await using master = await there.master();
    const around = { stage, master };
    const { '-L to TCP': tcp, '-L to a unix socket': unix, '-R TCP': remote, '-R unix': socket } = forwards;
    return {
      asked: await tcp?.(there, { ...around, ...targets }),
      another: await tcp?.(there, { ...around, ...closed }),
      unix: await unix?.(there, { ...around, ...targets }),
      remote: await remote?.(there, { ...around, ...targets }),
      'remote, unix': await socket?.(there, { ...around, ...targets }),
    };
  };
  const only = { asked: true, another: false, unix: false, remote: false, 'remote, unix': false };
  expect(await tried()).toEqual(only);
  const lease = `${stage.account.env.XDG_RUNTIME_DIR}/tmuxpair/[a-z2-7]*[a-z2-7]`;
  const loosen = `sed -i 's/permit[a-z]*="[^"]*",//g' ${lease}/authorized_keys && grep -c port-forwarding,command ${lease}/authorized_keys`;
  expect(await stage.account.demand('sh', ['-c', loosen])).toBe('1\n');
  expect(await tried()).toEqual(only);
});

const ends: Readonly<Record<string, (host: Terminal) => unknown>> = {
  detach: (host) => host.sendKeys('C-b', 'd'),
  stop: (host) => host.signal('SIGTERM'),
};

test.each(rows(Object.entries(ends), 1))(
  'G4 G5: %s: every connection is gone, and every new one refused',
  async (_, end) => {
    await using stage = await makeStage(forPrivateDoor);
    const guest = await stage.guest();
    const { host, destination } = await invite(stage, [
      ...[...privately, '--forward', '9'], // So that a guest may stay without coming to the gate.
      await keyFileOf(stage, guest),
    ]);
    const there = guest.as({ destination });
    const busy = await there.master({ session: 'terminal' });
    await busy.terminal?.waitFor('[pair]');
    const silent = await there.master();

    await end(host);
    await host.exitStatus();
    expect(doorProcesses(stage)).toEqual([]);
    await busy.terminal?.exitStatus();
    for (const master of [busy, silent]) {
      await until(async () => !(await master.isAlive()), { what: 'the end of a master' });
      expect((await master.channel(['-tt'])).exitCode).toBe(255);
    }
    expect((await there.run(['-tt'])).exitCode).toBe(255);
    await expectNothingLeft(stage);
  },
);

test('G6: of 60 connections around the instant of the end, none stays', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const identities = await Promise.all(Array.from({ length: 8 }, () => guest.newIdentity()));
  const files = await Promise.all(identities.map((one, index) => keyFileOf(stage, one, `guest${index}`)));
  const { host, destination } = await invite(stage, [...privately, ...files]);
  let inside = 0;
  const connections: Promise<unknown>[] = [];
  const come = async (): Promise<void> => {
    for (let n = 0; n < 60; n++) {
      const identity = identities[n % 8] ?? guest.identity;
      const kind = n % 3 === 0 ? '-N' : '-tt';
      const child = guest.account.spawn('ssh', guest.as({ identity, destination }).sshArgs([kind]), {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      child.stdout?.once('data', () => {
        inside += 1;
      });
      connections.push(new Promise((ended) => child.once('exit', ended)));
      await pause(40); // A steady stream, so that at any instant somebody is at each step of coming in.
    }
  };
  const all = come();
  await until(() => inside >= 6, { what: 'some to be in', timeout: 45_000 });
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  expect(doorProcesses(stage)).toEqual([]);
  await all;
  await Promise.all(connections);
  await expectNothingLeft(stage);
});

test('G7: what a guest puts into the environment or the command is run by nobody', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  const { host, destination } = await invite(stage, [...privately, await keyFileOf(stage, guest)]);
  const there = guest.as({ destination });
  await host.type('echo here-$((20+1))\r');
  const made = `made-${process.pid}`;
  const poison = `$(touch ${made});\`touch ${made}\`;touch ${made}|touch ${made}`;
  const locales = Object.fromEntries(['LC_ALL', 'LC_x', 'LANG'].map((name) => [name, poison]));
  for (const TERM of ['x'.repeat(4096), 'xterm-unheard-of', '../../../etc/passwd', poison, 'vt100']) {
    const options = ['-o', 'SendEnv=LC_* LANG'];
    const seat = await there.join({ env: { ...locales, TERM }, options, command: [poison] });
    await seat.waitFor('here-21');
    await seat.closeTerminal();
  }
  for (const folder of [stage.account.home, '/', '/tmp', stage.account.scratch, guest.account.home])
    expect(existsSync(`${folder}/${made}`), folder).toBe(false);
  expect(await inRoom(stage, 'pair', 'show-environment', '-g')).not.toContain('touch');
});

test('G8: a read-only guest can only look', async () => {
  await using stage = await makeStage(forPrivateDoor);
  const guest = await stage.guest();
  await stage.writeFile(
    '.tmux.conf',
    'bind -n F1 switch-client -r\nbind -n F2 detach-client -a\nset -g mouse on\n',
  );
  const recorder = ['sh', '-c', 'stty raw -echo; echo look-here; cat -v | tee got'];
  const { host, destination } = await invite(stage, [
    ...[...privately, '--read-only', await keyFileOf(stage, guest)],
    ...['--', ...recorder],
  ]);
  const seat = await guest.as({ destination }).join();
  await seat.waitFor('look-here');
  await seat.waitFor('view only, q leaves');
  await seat.sendKeys('F1', 'F2', 'C-b', 'd', 'C-b', ')', 'C-b', ':');
  await seat.type('typed by the guest\r');
  await seat.paste('pasted\r');
  await seat.click(10, 5);
  // An escape sequence that comes in pieces may take the next key with it.
  const leave = async () => {
    if (await seat.isRunning()) await seat.sendKeys('q').catch(() => {});
    return !(await seat.isRunning());
  };
  await until(leave, { what: 'q to let them out', interval: 500 });
  expect(await seat.exitStatus()).toBe(0);
  await host.type('from the host');
  await host.waitFor('from the host');
  expect(readFileSync(`${stage.account.home}/got`, 'utf8')).toBe('from the host');
  expect(await host.isRunning()).toBe(true);
});

test.runIf(isWhole())(
  'S14: of strangers who say nothing, 64 are listened to at a time, the others in turn, and they keep nobody out',
  async () => {
    await using stage = await makeStage(forPrivateDoor);
    const guest = await stage.guest();
    const { destination } = await invite(stage, [...privately, await keyFileOf(stage, guest)]);
    const sockets = Array.from({ length: 70 }, () =>
      connect(destination.port, '127.0.0.1').on('error', () => {}),
    );
    let [greeted, dismissed] = [0, 0];
    for (const socket of sockets) {
      socket.once('data', () => {
        greeted += 1;
      });
      socket.once('close', () => {
        dismissed += 1;
      });
    }
    await until(() => greeted === 70 && dismissed === 6, { what: 'an answer to each', timeout: 30_000 });
    const elsewhere = ['-b', '127.0.0.2'];
    const seat = await guest.as({ destination }).join({ options: elsewhere });
    await seat.waitFor('[pair]');
    await seat.closeTerminal();
    expect({ greeted, dismissed }).toEqual({ greeted: 70, dismissed: 7 });
    for (const socket of sockets) socket.destroy();
    await until(() => doorProcesses(stage).length === 0, { what: 'them to be gone' });
    await (await guest.as({ destination }).join()).waitFor('[pair]');
  },
);
