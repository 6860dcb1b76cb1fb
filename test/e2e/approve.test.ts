import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft, goLive, invited, kill } from '../support/live.ts';
import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

const menu = 'wants to come in';

/** Chooses by the arrows: `0` is what Enter alone would choose. */
async function choose(host: Terminal, item: number): Promise<void> {
  await host.sendKeys(...Array.from({ length: item }, () => 'Down'), 'Enter');
}

/** Who the guest is, as the host has to see it. */
async function asked(host: Terminal, label: string, fingerprint: string): Promise<string> {
  const seen = await host.waitFor(`${label} ${menu}`, { timeout: 45_000 });
  expect(seen).toContain('from 127.0.0.1');
  expect(seen).toContain(fingerprint);
  return seen;
}

test('a join waits for the host: refused, to look only, to type; the menu shows who it is', async () => {
  await using stage = await makeStage();
  const ada = await invited(stage, 'ada');
  const live = await goLive(stage, ['--approve', 'ada.pub', '--', 'sh', '-c', 'stty -echo; exec cat']);
  const { host } = live;

  const refused = await ada.join();
  await refused.waitFor('waiting for your host to let you in');
  const shown = await asked(host, 'ada', ada.identity.fingerprint);
  expect(shown).toContain('invited to type');
  await host.waitFor(/\[pairing \w+: ada\?\]|ada waits for your yes, from 127\.0\.0\.1, may type, SHA256:/);
  expect((await theOne(stage)).guests[0]?.connections).toEqual([]);
  await refused.type('not yet\r');
  const told = (what: string | RegExp) => host.waitFor(what, { timeout: 30_000 });
  const toldRefused = told('ada was refused from 127.0.0.1: you refused');
  // As somebody types in vi, under whose hands the menu has come up.
  await host.type('jjj');
  await choose(host, 1);
  expect(await refused.exitStatus()).not.toBe(0);
  expect(await refused.transcript()).toContain('your host has refused');
  await toldRefused;

  const looking = await ada.join();
  await asked(host, 'ada', ada.identity.fingerprint);
  const toldLooking = told(/ada has joined from 127\.0\.0\.1, view only/);
  await choose(host, 2);
  await looking.waitFor('view only, q leaves');
  await toldLooking;
  await looking.type('not this\r');
  // Through the gate again, as somebody whose window was too large for a moment is: they still only look.
  const [here] = (await theOne(stage)).guests[0]?.connections ?? [];
  const airlock = ['-N', '-S', `${live.folder}/air/${here?.pid}`];
  const server = async () =>
    (await stage.account.exec('tmux', [...airlock, 'display-message', '-p', '#{pid}'])).stdout;
  const before = await server();
  const again = ['detach-client', '-s', '=look', '-E', `exec /bin/sh ${live.folder}/gate ada 1 moved`];
  await stage.account.demand('tmux', [...airlock, ...again]);
  await until(async () => !['', before].includes(await server()), { what: 'another airlock' });
  await looking.type('not this either\r');

  const typing = await ada.join();
  await asked(host, 'ada', ada.identity.fingerprint);
  const toldTyping = told(/ada has joined from 127\.0\.0\.1, may type/);
  await choose(host, 3);
  await typing.waitFor('[pair]');
  await toldTyping;
  const connections = (await theOne(stage)).guests[0]?.connections ?? [];
  expect(connections.map(({ access }) => access)).toEqual(['read-only', 'read-write']);
  await typing.type('but this\r');
  expect(await host.waitFor('but this')).not.toMatch(/not (yet|this)/);

  // By name they may type from now on, and so may who was let in to look.
  expect(await stage.run(['access', 'ada', 'rw'])).toMatchObject({ exitCode: 0 });
  await looking.waitForNo('view only');
  await host.type('\x04');
  expect(await host.exitStatus()).toBe(0);
  await expectNothingLeft(stage);
});

test.runIf(isWhole())(
  'closed, the menu comes again; Enter in passing answers nothing; nobody answers: refused in time',
  async () => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    const { host, folder } = await goLive(stage, ['--approve', '--read-only', 'ada.pub']);
    // Of the minute that a host has, in fifths of a second, half is enough here.
    const gate = readFileSync(`${folder}/gate`, 'utf8');
    expect(gate).toContain('[ $waited -lt 300 ]');
    writeFileSync(`${folder}/gate`, gate.replace('-lt 300 ]', '-lt 150 ]'));
    const seat = await ada.join();
    const since = performance.now();
    const shown = await asked(host, 'ada', ada.identity.fingerprint);
    expect(shown).toContain('invited to look');
    expect(shown).not.toContain('to type');
    for (const key of ['Escape', 'Enter', 'q']) {
      await host.sendKeys(key);
      await host.waitForNo(menu);
      const closed = performance.now();
      await host.waitFor(menu, { timeout: 45_000 });
      console.log(`closed by ${key}, shown again after ${Math.round(performance.now() - closed)} ms`);
    }
    expect(await seat.isRunning()).toBe(true);
    expect(await seat.exitStatus({ timeout: 100_000 })).not.toBe(0);
    const waited = (performance.now() - since) / 1000;
    console.log(`unanswered: refused after ${waited.toFixed(1)} s`);
    expect(waited).toBeGreaterThan(28);
    expect(await seat.transcript()).toContain('your host did not answer');
    await host.waitForNo(menu);
    await host.waitFor('ada was refused from 127.0.0.1: nobody answered');
  },
);

test('while the host types, no menu; two guests are asked about in turn; who gives up is asked about no more', async () => {
  await using stage = await makeStage();
  const guests = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  const [ada, bob] = guests;
  if (!ada || !bob) throw new Error('two guests');
  const { host } = await goLive(stage, ['--approve', 'ada.pub', 'bob.pub']);
  let typing = true;
  const busy = (async () => {
    while (typing) await host.type('x');
  })();
  const first = await ada.join();
  await first.waitFor('waiting for your host');
  await host.waitFor('ada waits for your yes');
  const second = await bob.join();
  await second.waitFor('waiting for your host');
  expect(await host.screen()).not.toContain(menu);
  typing = false;
  await busy;
  await asked(host, 'ada', ada.identity.fingerprint);
  await first.close();
  const gone = performance.now();
  await host.waitForNo(`ada ${menu}`);
  console.log(`gave up: menu closed ${Math.round(performance.now() - gone)} ms after`);
  await asked(host, 'bob', bob.identity.fingerprint);
  await choose(host, 3);
  await second.waitFor('[pair]');
  await host.waitForNo(menu);
});

test.runIf(isWhole())(
  'what a host has open stays open; a second window of theirs can answer, and the first answer counts',
  async () => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    const live = await goLive(stage, ['--approve', 'ada.pub']);
    const other = await stage.terminal(['tmux', '-S', live.socket, 'attach'], { columns: 60, rows: 20 });
    await other.waitFor('[pair]');
    const client = await widest(stage, live.socket);
    const popup = ['display-popup', '-E', '-c', client, 'echo theirs; read x'];
    stage.account.spawn('tmux', ['-N', '-S', live.socket, ...popup]);
    await live.host.waitFor('theirs');
    const seat = await ada.join();
    await asked(other, 'ada', ada.identity.fingerprint.slice(0, 40));
    expect(await live.host.screen()).not.toContain(menu);
    await live.host.sendKeys('Enter');
    await asked(live.host, 'ada', ada.identity.fingerprint);
    await choose(other, 2);
    await seat.waitFor('view only');
    await live.host.waitForNo(menu);
    await other.waitForNo(menu);
  },
);

test('T14 T15: a guest who types sees no question about another, and their keys answer none', async () => {
  await using stage = await makeStage();
  const [ada, bob] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  const { host } = await goLive(stage, ['--approve', 'ada.pub', 'bob.pub']);
  const inside = await ada.join();
  await asked(host, 'ada', ada.identity.fingerprint);
  await choose(host, 3);
  await inside.waitFor('[pair]');
  const outside = await bob.join();
  await asked(host, 'bob', bob.identity.fingerprint);
  await inside.sendKeys('Down', 'Down', 'Down', 'Enter');
  await inside.type('echo $((40+2))-typed\r');
  expect(await inside.waitFor('42-typed')).not.toContain(menu);
  expect(await host.screen()).toContain(`bob ${menu}`);
  expect((await theOne(stage)).guests[1]?.connections).toEqual([]);
  await choose(host, 1);
  expect(await outside.exitStatus()).not.toBe(0);
});

/** The name of the widest client: the host's first. */
async function widest(stage: Stage, socket: string): Promise<string> {
  const format = '#{client_width} #{client_name}';
  const clients = await stage.account.demand('tmux', ['-N', '-S', socket, 'list-clients', '-F', format]);
  const [first = ''] = clients.split('\n').sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  return first.replace(/^\d+ /, '');
}

test.runIf(isWhole())(
  'who asks is made to look, or put out; the host who leaves takes the question along, and the last one the guest',
  async () => {
    await using stage = await makeStage();
    const guests = [await invited(stage, 'ada'), await invited(stage, 'bob')];
    const [ada, bob] = guests;
    if (!ada || !bob) throw new Error('two guests');
    const args = ['--port', String(stage.sshd.port), '--detach', '--approve', 'ada.pub', 'bob.pub'];
    expect(await stage.run(args)).toMatchObject({ exitCode: 0 });
    const { socket } = await theOne(stage);
    const [first, host] = [
      await stage.terminal(['tmux', '-S', socket, 'attach']),
      await stage.terminal(['tmux', '-S', socket, 'attach']),
    ];
    for (const one of [first, host]) await one.waitFor('[pair]');
    const seat = await ada.join();
    for (const one of [first, host]) await asked(one, 'ada', ada.identity.fingerprint);
    await first.close();

    expect(await stage.run(['access', 'ada', 'ro'])).toMatchObject({ exitCode: 0 });
    await host.waitFor('invited to look', { timeout: 45_000 });
    expect(await host.screen()).not.toContain('to type');
    await choose(host, 2);
    await seat.waitFor('view only, q leaves');

    const other = await bob.join();
    await asked(host, 'bob', bob.identity.fingerprint);
    expect(await stage.run(['kick', 'bob'])).toMatchObject({ exitCode: 0 });
    await other.exitStatus();
    await host.waitForNo(menu);
    const again = await ada.join();
    await asked(host, 'ada', ada.identity.fingerprint);
    await host.closeTerminal();
    for (const one of [seat, again]) await one.exitStatus();
    expect(await stage.run(['list'])).toMatchObject({ stdout: 'nothing is live\n', stderr: '' });
  },
);

test.runIf(isWhole())(
  'the end, and a supervisor that was killed, with a guest at the door and the menu up',
  async () => {
    await using stage = await makeStage({ keys: '# mine\n' });
    const ada = await invited(stage, 'ada');
    const live = await goLive(stage, ['--approve', 'ada.pub']);
    const seat = await ada.join();
    await asked(live.host, 'ada', ada.identity.fingerprint);
    const told = live.host.waitFor('the session is yours', { timeout: 30_000 });
    expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
    expect(await seat.exitStatus()).not.toBe(0);
    await live.host.waitForNo(menu);
    await told;
    await live.host.sendKeys('C-b', 'd');
    expect(await live.host.exitStatus()).toBe(0);
    await expectNothingLeft(stage);

    const again = await goLive(stage, ['--approve', 'ada.pub']);
    const late = await ada.join();
    await asked(again.host, 'ada', ada.identity.fingerprint);
    kill(again.supervisor);
    expect(await late.exitStatus()).not.toBe(0);
    await until(() => stage.keysFile()?.toString() === '# mine\n', { what: 'the lines to be taken back' });
    expect((await again.room('list-sessions')).stdout).toContain('pair');
  },
);

test('S14: eight connections of one guest are one question, and the others are told so', async () => {
  await using stage = await makeStage();
  const [ada, bob] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  const { host, folder } = await goLive(stage, ['--approve', 'ada.pub', 'bob.pub']);
  const seats = await Promise.all(Array.from({ length: 8 }, () => ada.join()));
  const told = await Promise.all(seats.map((seat) => seat.waitFor(/waiting for your host|asking already/)));
  expect(told).toHaveLength(8);
  await until(() => readdirSync(`${folder}/ask`).length === 1, { what: 'one question' });
  await asked(host, 'ada', ada.identity.fingerprint);
  const running = async () =>
    (await Promise.all(seats.map(async (seat) => ((await seat.isRunning()) ? [seat] : [])))).flat();
  await until(async () => (await running()).length === 1, { what: 'the others to be refused' });
  const [first, ...more] = await running();
  for (const seat of seats)
    if (seat !== first) expect(await seat.transcript()).toContain('you are asking already');
  expect(more).toEqual([]);

  // Somebody else may ask meanwhile, and the first is let in by one answer.
  const other = await bob.join();
  await other.waitFor('waiting for your host');
  await choose(host, 3);
  await first?.waitFor('[pair]');
  await asked(host, 'bob', bob.identity.fingerprint);
  await choose(host, 2);
  await other.waitFor('view only');
  const again = await ada.join();
  await asked(host, 'ada', ada.identity.fingerprint);
  expect(await again.isRunning()).toBe(true);
});
