import { expect, test } from 'vitest';
import { ask } from '../support/control.ts';
import { makeStage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import type { Guest } from '../support/guest.ts';
import { listed, theOne } from '../support/listed.ts';
import { expectNothingLeft, goLive, invited, kill, leases } from '../support/live.ts';
import { programFolder } from '../support/own-tmux.ts';
import { expiryOf, leaseLines } from '../support/pairing.ts';
import { readProcess } from '../support/processes.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

const own = '# mine\n';

test('who comes and goes is told within half a second, with name, address, access and key, and a bell', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['--bell', 'ada.pub']);
  const written = await live.host.record();
  const who = `127.0.0.1, may type, ${ada.identity.fingerprint}`;
  const figures: number[][] = [];
  for (let round = 1; round <= 3; round++) {
    const seat = await ada.join();
    await seat.waitFor('[pair]');
    const joined = performance.now();
    await live.host.waitFor(`ada has joined from ${who}`);
    const told = performance.now() - joined;
    await until(() => bells(written()) === 2 * round - 1, { what: 'a bell' });
    const left = performance.now();
    await seat.sendKeys('C-b', 'd');
    await live.host.waitFor(`ada has left: ${who}`);
    figures.push([told, performance.now() - left].map(Math.round));
    await until(() => bells(written()) === 2 * round, { what: 'a bell' });
  }
  console.log(`told after, in ms, of joining and leaving: ${JSON.stringify(figures)}`);
  const [best] = [...figures].sort((a, b) => Math.max(...a) - Math.max(...b));
  expectWithin(Math.max(...(best ?? [Number.NaN])), 500);
});

/** tmux ends the setting of a title by one, too. */
function bells(text: string): number {
  return text.replaceAll(/\x1b\][^\x07\x1b]*\x07/g, '').split('\x07').length - 1;
}

test('one of three is kicked by name: out at once and for good, and the others never notice', async () => {
  await using stage = await makeStage({ keys: own });
  const guests = await Promise.all(['ada', 'bob', 'eve'].map((name) => invited(stage, name)));
  const [ada, bob, eve] = guests;
  if (!ada || !bob || !eve) throw new Error('three guests');
  const live = await goLive(stage, ['ada.pub', 'bob.pub']);
  expect((await stage.run(['invite', '--read-only', 'eve.pub'])).exitCode).toBe(0);
  const master = await ada.master({ session: 'terminal' });
  const [bobs, eves] = [await bob.master({ session: 'terminal' }), await eve.join()];
  for (const seat of [master.terminal, bobs.terminal, eves]) await seat?.waitFor('[pair]');

  const since = Date.now();
  const { guests: inside } = await theOne(stage);
  for (const [index, one] of inside.entries()) {
    const fingerprint = guests[index]?.identity.fingerprint;
    const access = index === 2 ? 'read-only' : 'read-write';
    expect(one).toMatchObject({ label: ['ada', 'bob', 'eve'][index], access });
    expect(one.connections).toEqual([
      { pid: expect.any(Number), address: '127.0.0.1', access, fingerprint, joinedAt: expect.any(String) },
    ]);
    expect(Math.abs(Date.parse(one.connections[0]?.joinedAt ?? '') - since)).toBeLessThan(60_000);
  }
  const clients = inside.flatMap(({ connections }) => connections.map(({ pid }) => readProcess(pid)));
  await live.host.type('echo $((20+1))-before\r');
  for (const seat of [bobs.terminal, eves]) await seat?.waitFor('21-before');

  const kicked = performance.now();
  const command = stage.run(['kick', 'ADA']);
  await master.terminal?.exitStatus();
  const out = performance.now() - kicked;
  expect(await command).toMatchObject({ exitCode: 0, stdout: 'ADA is out\n' });
  console.log(`kicked: out ${Math.round(out)} ms after the command was started`);
  expect(await master.isAlive()).toBe(false);
  expect((await master.channel(['-tt'])).exitCode).not.toBe(0);
  expect((await ada.run(['-tt'])).stderr).toContain('Permission denied');
  expect(await stage.run(['kick', 'ada'])).toMatchObject({ exitCode: 8 });
  expect(await stage.run(['access', 'ada', 'rw'])).toMatchObject({ exitCode: 8 });

  await live.host.type('echo $((20+2))-after\r');
  for (const seat of [bobs.terminal, eves]) await seat?.waitFor('22-after');
  for (const one of clients.slice(1)) expect(readProcess(one?.pid ?? 0)?.startTime).toBe(one?.startTime);
  expect(await bobs.isAlive()).toBe(true);
  expect((await theOne(stage)).guests.map(({ label }) => label)).toEqual(['bob', 'eve']);
  await live.host.type('exit\r');
  expect(await live.host.exitStatus()).toBe(0);
  expect(stage.keysFile()?.toString()).toBe(own);
  await expectNothingLeft(stage);
});

test.runIf(isWhole())(
  'a guest with two keys and three connections is kicked from all, and invited again is somebody else',
  async () => {
    await using stage = await makeStage({ keys: own });
    const ada = await invited(stage, 'ada');
    const second = ada.as({ identity: await ada.newIdentity() });
    const bothKeys = [ada, second].map(({ identity }) => `${identity.publicKey}\n`).join('');
    await stage.writeFile('ada.pub', bothKeys, 0o644);
    const bob = await invited(stage, 'bob');
    const live = await goLive(stage, ['ada.pub', 'bob.pub']);
    const idle = await ada.master();
    const used = await ada.master({ session: 'terminal' });
    const [other, bobs] = await Promise.all([second, bob].map((guest) => guest.join()));
    for (const seat of [used.terminal, other, bobs]) await seat?.waitFor('[pair]');

    expect(await stage.run(['kick', 'ada'])).toMatchObject({ exitCode: 0, stderr: '' });
    for (const seat of [used.terminal, other]) expect(await seat?.exitStatus()).not.toBe(0);
    expect(await used.isAlive()).toBe(false);
    expect((await idle.channel(['-tt'])).stdout).toContain('this pairing is over');
    for (const guest of [ada, second])
      expect((await guest.run(['-tt'])).stderr).toContain('Permission denied');
    expect(leaseLines(stage)).toHaveLength(1);

    // What they hold open still runs the gate as `ada`: that name stays nobody's.
    expect(await stage.run(['invite', '-r', 'ada.pub'])).toMatchObject({ exitCode: 0 });
    expect((await theOne(stage)).guests.map(({ label }) => label)).toEqual(['bob', 'ada-file']);
    expect((await idle.channel(['-tt'])).stdout).toContain('this pairing is over');
    const again = await second.join();
    await again.waitFor('view only');
    const gone = await stage.run(['kick', 'ada']);
    expect(gone).toMatchObject({ exitCode: 8, stderr: expect.stringContaining('bob, ada-file') });
    const path = `file:${stage.account.home}/ada.pub`;
    expect(await stage.run(['kick', path, '--json'])).toMatchObject({ exitCode: 0 });
    await again.exitStatus();

    await bobs?.type('echo $((20+1))-still\r');
    await live.host.waitFor('21-still');
    await live.host.type('exit\r');
    expect(await live.host.exitStatus()).toBe(0);
    expect(stage.keysFile()?.toString()).toBe(own);
  },
);

test.runIf(isWhole())(
  'three who come at the same time are all told; the host changes them from inside the room',
  async () => {
    await using stage = await makeStage();
    const guests = await Promise.all(['ada', 'bob', 'eve'].map((name) => invited(stage, name)));
    const PATH = `${await programFolder(stage)}:${process.env.PATH}`;
    const all = ['ada.pub', 'bob.pub', 'eve.pub'];
    const { host } = await goLive(stage, all, { env: { PATH }, columns: 350 });
    const written = await host.record();
    const seats = await Promise.all(guests.map((guest) => guest.join()));
    for (const { identity } of guests)
      await until(() => written().includes(identity.fingerprint), { what: identity.fingerprint });
    await host.waitFor(/: (\w{3} ?){3}\]/);

    const type = async (command: string) => {
      await host.type('clear\r');
      await host.waitForNo('rc=');
      await host.type(`${command}; echo rc=$?\r`);
      await host.waitFor(/^rc=\d/m);
      return host.screen();
    };
    expect(await type('tmuxpair access bob ro')).toContain('bob may only look from now on\nrc=0');
    await seats[1]?.waitFor(/view only, q leaves .* (4h0m|3h59m) left/);
    expect(await type('tmuxpair extend 30m')).toMatch(/^ends .* \(in 4h\d\dm/m);
    await seats[1]?.waitFor(/view only, q leaves .* 4h(30|29)m left/, { timeout: 45_000 });
    expect(await type('tmuxpair kick käte')).toContain('there is no guest käte');
    expect(await type('tmuxpair kick eve')).toContain('eve is out\nrc=0');
    await seats[2]?.exitStatus();
    expect(await type('tmuxpair stop')).toMatch(/^\w+ is over: access is revoked\nrc=0/m);
    for (const seat of seats) await seat.exitStatus();
    expect(await type('echo mine')).toContain('mine\nrc=0');
  },
);

test.runIf(isWhole())('out within half a second of the request, three times over', async () => {
  await using stage = await makeStage();
  const names = ['ada', 'bob', 'eve'];
  const guests = await Promise.all(names.map((name) => invited(stage, name)));
  const live = await goLive(
    stage,
    names.map((name) => `${name}.pub`),
  );
  const figures: number[] = [];
  for (const [index, guest] of guests.entries()) {
    const seat = await guest.join();
    await seat.waitFor('[pair]');
    const asked = performance.now();
    expect(await ask(live.folder, { op: 'kick', guest: names[index] })).toMatchObject({ ok: true });
    figures.push(Math.round(performance.now() - asked));
    await seat.exitStatus();
  }
  console.log(`kicked and answered after, in ms: ${JSON.stringify(figures)}`);
  expectWithin(Math.min(...figures), 500);
});

test('a guest who is typing is made to look: not one character more after the command has returned', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const recorder = ['sh', '-c', 'stty raw -echo; echo ready; exec cat >got'];
  const live = await goLive(stage, ['ada.pub', '--', ...recorder]);
  const got = () => stage.account.demand('wc', ['-c', 'got']).then((text) => Number(text.split(' ')[0]));
  for (let round = 1; round <= 3; round++) {
    const seat = await ada.join();
    await seat.waitFor('ready');
    const typing = type(seat);
    const before = await got();
    await until(async () => (await got()) > before + 50, { what: 'what they type' });
    expect(await stage.run(['access', 'ada', 'ro'])).toMatchObject({ exitCode: 0 });
    const after = await got();
    await seat.waitFor('view only');
    await seat.paste('y'.repeat(3000));
    const typed = await typing.for(20);
    expect(await got()).toBe(after);
    console.log(`${after - before} characters before the command returned, 0 of ${typed} after it`);
    const second = await ada.join();
    await second.waitFor('view only');
    await second.close();

    expect(await stage.run(['access', 'ada', 'rw'])).toMatchObject({ exitCode: 0 });
    await until(async () => (await got()) > after + 50, { what: 'what they type' });
    await typing.stop();
    await seat.close();
  }
  expect((await live.host.screen()).includes('ready')).toBe(true);
});

/** Types on and on. */
function type(seat: Awaited<ReturnType<Guest['join']>>) {
  let going = true;
  let count = 0;
  const typing = (async () => {
    while (going) {
      await seat.type('abcdefghij');
      count += 10;
    }
  })();
  return {
    /** Waits until they have pressed so many times ten keys more. */
    for: async (presses: number) => {
      const until_ = count + presses * 10;
      await until(() => count >= until_, { what: 'more typing' });
      return presses * 10;
    },
    stop: () => {
      going = false;
      return typing;
    },
  };
}

test('a guest is invited mid-way, gets in, and leaves nothing; one who is in already is not invited twice', async () => {
  await using stage = await makeStage({ keys: own });
  const [, hubot] = [await invited(stage, 'ada'), await stage.guest()];
  const before = stage.snapshot();
  const live = await goLive(stage, ['ada.pub']);
  expect((await hubot.run(['-tt'])).stderr).toContain('Permission denied');
  await using github = await startForge({
    kind: 'github',
    users: { hubot: [{ key: hubot.identity.publicKey }] },
  });
  const env = { GITHUB_API_URL: github.url };
  const both = await Promise.all([1, 2].map(() => stage.run(['invite', '@hubot'], { env })));
  expect(both.map(({ exitCode }) => exitCode).sort()).toEqual([0, 2]);
  expect(both.map(({ stderr }) => stderr).join('')).toContain('is a guest already, as hubot');
  expect(leaseLines(stage)).toHaveLength(2);
  const seat = await hubot.join();
  await seat.waitFor('[pair]');
  await live.host.waitFor('hubot has joined');

  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);
  await seat.exitStatus();
  await expectNothingLeft(stage);
  stage.expectUntouched(before);
});

test('extended one second before the end: nobody is cut, the line expires later, a new guest gets in', async () => {
  await using stage = await makeStage();
  const [ada, bob] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  const live = await goLive(stage, ['--ttl', '8s', 'ada.pub', 'bob.pub']);
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  const { deadline } = await theOne(stage);
  const expiry = expiryOf(leaseLines(stage)[0]);
  expect(expiry).toBe(Date.parse(deadline));
  await until(() => Date.parse(deadline) - Date.now() < 1000, { what: 'the last second' });
  const left = Date.parse(deadline) - Date.now();
  // The command itself may take longer than that to start on a busy machine.
  expect(await ask(live.folder, { op: 'extend', seconds: 1800 })).toMatchObject({ ok: true });
  console.log(`extended ${left} ms before the end`);
  expect(expiryOf(leaseLines(stage)[0])).toBe(expiry + 1800_000);
  await until(() => Date.now() > Date.parse(deadline) + 2500, { what: 'the old deadline to pass' });
  await seat.type('echo $((20+1))-still\r');
  await live.host.waitFor('21-still');
  const late = await bob.join();
  await late.waitFor('21-still');
  expect(Date.parse((await theOne(stage)).deadline)).toBe(Date.parse(deadline) + 1800_000);
  await live.host.waitFor(/\[pairing (29|30)m/);
  expect(await stage.run(['extend', '7d'])).toMatchObject({ exitCode: 2 });
  expect(await stage.run(['extend', '30m'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^ends (\d{4}-\d\d-\d\d )?\d\d:\d\d \(in (59m|1h).*\)\n$/),
  });
});

test('stop, info and list: from the room, by id, with none and with two', async () => {
  await using stage = await makeStage();
  const [ada] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  for (const command of [['info'], ['stop'], ['kick', 'ada'], ['extend', '5m'], ['access', 'ada', 'ro']])
    expect(await stage.run(command)).toMatchObject({ exitCode: 8, stdout: '' });
  expect(await stage.run(['list'])).toMatchObject({ exitCode: 0, stdout: 'nothing is live\n' });

  const first = await goLive(stage, ['ada.pub']);
  const second = await goLive(stage, ['-s', 'other', 'bob.pub']);
  expect((await listed(stage)).map(({ session }) => session)).toEqual(['pair', 'other']);
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 8, stderr: expect.stringContaining('--id') });
  const info = await stage.run(['info', first.id]);
  expect(info.stdout).toContain(`${first.id}: session pair, ends `);
  expect(info.stdout).toContain(ada.identity.fingerprint);
  const here = JSON.parse(
    (await stage.run(['info', '--json'], { env: { TMUX: `${second.socket},1,0` } })).stdout,
  );
  expect(here.id).toBe(second.id);

  const stopped = await stage.run(['stop', '--json', '--id', first.id.slice(0, 10)]);
  expect(JSON.parse(stopped.stdout)).toMatchObject({ id: first.id, status: 'ending' });
  await first.host.waitFor('the guests are out, the session is yours');
  expect((await listed(stage)).map(({ id }) => id)).toEqual([second.id]);
});

test('a supervisor that was killed: list says that there is none, and has swept', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const before = stage.snapshot();
  const live = await goLive(stage, ['ada.pub']);
  const seat = await ada.join();
  await seat.waitFor('[pair]');
  kill(await live.clock(), live.deadMan());
  await until(() => live.deadMan() !== undefined, { what: 'another switch' });
  kill(live.supervisor, live.deadMan());
  await until(() => readProcess(live.supervisor.pid) === undefined, { what: 'its end' });
  const { stdout, stderr, exitCode } = await stage.run(['list']);
  expect({ stdout, exitCode }).toEqual({ stdout: 'nothing is live\n', exitCode: 0 });
  expect(stderr).toBe(`tmuxpair: took back what a pairing left behind (${live.id})\n`);
  await seat.exitStatus();
  stage.expectUntouched(before);
  expect(leases(stage)).toEqual([]);
});
