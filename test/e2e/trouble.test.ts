import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft, goLive, invited, kill, type Live } from '../support/live.ts';
import { leaseLines } from '../support/pairing.ts';
import { forPrivateDoor, invite } from '../support/private-door.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const own = '# mine\n';
/** How long, in ms, anything that was taken away may stay untold. */
const soon = 5000;

async function troubleOf(stage: Stage): Promise<string[]> {
  return (await theOne(stage)).trouble.map(({ kind }) => kind);
}

describe('lines that are taken away while live are told at once, shown, and put back where asked for', () => {
  test.each(
    rows<[string, (text: string) => string | undefined, string, RegExp]>(
      [
        ['the file emptied', () => '', 'lines-missing', /the lines of ada, bob are gone from /],
        ['the file removed', () => undefined, 'lines-missing', /the lines of ada, bob are gone from /],
        [
          'replaced by one of others',
          () => '# theirs\n',
          'lines-missing',
          /the lines of ada, bob are gone from /,
        ],
        [
          'one line removed',
          (text) => text.replace(/^.* tmuxpair:[a-z2-7]{12}:bob\n/m, ''),
          'lines-missing',
          /the lines of bob are gone from /,
        ],
        [
          'a line weakened',
          (text) => text.replace('restrict,pty,', 'pty,'),
          'line-changed',
          /authorized_keys:1: the line of ada was changed/,
        ],
        ['a line commented out', (text) => `#${text}`, 'lines-missing', /the lines of ada are gone from /],
      ],
      2,
    ),
  )('N7: %s', async (_, change, kind, words) => {
    await using stage = await makeStage({ keys: own });
    const ada = await invited(stage, 'ada');
    await invited(stage, 'bob');
    const { host } = await goLive(stage, ['ada.pub', 'bob.pub'], { columns: 250 });
    const granted = leaseLines(stage);
    const changed = change(stage.keysFile()?.toString('latin1') ?? '');
    const since = performance.now();
    if (changed === undefined) rmSync(stage.keysPath);
    else await stage.writeKeys(changed);
    await host.waitFor(words, { timeout: soon });
    console.log(`told after ${Math.round(performance.now() - since)} ms`);
    expect(await host.screen()).toContain('tmuxpair repair');
    await host.waitFor('trouble!');
    expect(await troubleOf(stage)).toEqual([kind]);
    expect((await stage.run(['list'])).stdout).toMatch(words);
    const [trouble] = JSON.parse((await stage.run(['info', '--json'])).stdout).trouble;
    expect(trouble).toMatchObject({ kind, text: expect.stringMatching(words), fix: expect.any(String) });
    // Nothing is put back that nobody has asked for.
    expect(stage.keysFile()?.toString('latin1')).toBe(changed);

    const extended = await stage.run(['extend', '5m']);
    expect(extended).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(words) });
    const again = await stage.run(['invite', 'bob.pub']);
    expect(again).toMatchObject({ exitCode: 2 });
    if (kind === 'lines-missing' && /bob/.test(words.source))
      expect(again.stderr).toContain('put it back: tmuxpair repair');

    const repaired = await stage.run(['repair']);
    expect(repaired).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringContaining('right again'),
    });
    const text = stage.keysFile()?.toString('latin1') ?? '';
    const moved = granted.map((line) => line.replace(/expiry-time="[^"]*"/, ''));
    const top = text
      .split('\n')
      .slice(0, 2)
      .map((line) => line.replace(/expiry-time="[^"]*"/, ''));
    expect(top.map((line) => line.replace(/ created=.*$/, ''))).toEqual(moved);
    expect(text.slice(0, text.indexOf('\n'))).not.toBe(granted[0]); // The deadline is the one of now.
    await host.waitFor('right again: ', { timeout: soon });
    await host.waitForNo('trouble!');
    expect(await troubleOf(stage)).toEqual([]);
    expect(await stage.run(['repair'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing to'),
    });
    const seat = await ada.join();
    await seat.waitFor('[pair]');
    await host.type('exit\r');
    await host.exitStatus();
    const below = changed?.replace(/^[^#].* tmuxpair:[a-z2-7]{12}:[a-z]+\n/gm, '');
    expect(stage.keysFile()?.toString('latin1')).toBe(below);
    await expectNothingLeft(stage);
  });

  test('N7: put back from the menu, too, and those who were put out stay out', async () => {
    await using stage = await makeStage({ keys: own });
    const [ada, bob] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
    const { host } = await goLive(stage, ['ada.pub', 'bob.pub'], { columns: 250 });
    expect(await stage.run(['kick', 'bob'])).toMatchObject({ exitCode: 0 });
    await stage.writeKeys(own);
    await host.waitFor('the lines of ada are gone', { timeout: soon });
    await host.sendKeys('C-b', 'P');
    await host.waitFor('repair what can be put right');
    await host.sendKeys('r');
    await until(() => leaseLines(stage).length === 1, { what: 'the line' });
    await (await ada.join()).waitFor('[pair]');
    expect((await bob.run(['-tt'])).stderr).toContain('Permission denied');
  });

  test('I20: through a private sshd likewise', async () => {
    await using stage = await makeStage(forPrivateDoor);
    const ada = await invited(stage, 'ada');
    const { host, destination } = await invite(
      stage,
      ['--door', 'private', `${stage.account.home}/ada.pub`],
      {
        columns: 250,
      },
    );
    const folder = await leaseOf(stage);
    writeFileSync(`${folder}/authorized_keys`, '');
    rmSync(`${folder}/sshd_config`);
    await host.waitFor(/sshd_config of the pairing's own is gone/, { timeout: soon });
    expect((await troubleOf(stage)).sort()).toEqual(['lease-part', 'lines-missing']);
    expect(await stage.run(['repair'])).toMatchObject({ exitCode: 0 });
    const seat = await ada.as({ destination }).join();
    await seat.waitFor('[pair]');
  });
});

describe('a line past the gate that appears while live is told at once, and not covered up', () => {
  test.each(
    rows<[string, (line: string, text: string) => string]>(
      [
        ['below ours', (line, text) => `${text}${line}\n`],
        ['above ours', (line, text) => `${line}\n${text}`],
        ['in the place of ours', (line) => `${own}${line}\n`],
      ],
      1,
    ),
  )('I14 I20: %s', async (_, add) => {
    await using stage = await makeStage({ keys: own });
    const ada = await invited(stage, 'ada');
    const { host } = await goLive(stage, ['ada.pub'], { columns: 250 });
    const line = `no-pty ${ada.identity.publicKey} ada@home`;
    const text = add(line, stage.keysFile()?.toString('latin1') ?? '');
    await stage.writeKeys(text);
    const number = text.split('\n').indexOf(line) + 1;
    await host.waitFor(`authorized_keys:${number}: this line has a key of ada, too`, { timeout: soon });
    const refused = await stage.run(['repair']);
    expect(refused).toMatchObject({ exitCode: 5 });
    expect(refused.stderr).toContain(`authorized_keys:`);
    expect(refused.stderr).toContain('remove it, then run tmuxpair repair again');
    // A repair has sshd tried anew, by a line that comes and goes.
    const isAsBefore = () => stage.keysFile()?.toString('latin1') === text;
    await until(isAsBefore, { what: 'nothing to be covered up' });
    await stage.writeKeys(text.replace(`${line}\n`, ''));
    expect(await stage.run(['repair'])).toMatchObject({ exitCode: 0 });
    await (await ada.join()).waitFor('[pair]');
  });

  test.runIf(isWhole())('I14 I20: in authorized_keys2', async () => {
    await using stage = await makeStage({ keys: own });
    const ada = await invited(stage, 'ada');
    const { host } = await goLive(stage, ['ada.pub'], { columns: 250 });
    await stage.writeFile('.ssh/authorized_keys2', `${ada.identity.publicKey}\n`, 0o600);
    await host.waitFor('authorized_keys2:1: this line has a key of ada, too', { timeout: soon });
    rmSync(`${stage.keysPath}2`);
    await host.waitFor('nothing but the gate is left for ada', { timeout: soon });
  });
});

describe("what is the pairing's own", () => {
  const cases: [string, (stage: Stage, live: Live) => Promise<unknown>, RegExp, string][] = [
    [
      'the gate changed',
      async (_, { folder }) => writeFileSync(`${folder}/gate`, '#!/bin/sh\nexec bash\n'),
      /\/gate of the pairing's own was changed/,
      'lease-part',
    ],
    [
      'the switch removed',
      async (_, { folder }) => rmSync(`${folder}/switch`),
      /\/switch of the pairing's own is gone/,
      'lease-part',
    ],
    [
      'a deadline moved by hand',
      async (_, { folder }) => writeFileSync(`${folder}/deadline`, '9999999999 999999999\n'),
      /\/deadline of the pairing's own was changed/,
      'lease-part',
    ],
    [
      'approval taken away',
      async (_, { folder }) => rmSync(`${folder}/approve`),
      /\/approve of the pairing's own is gone/,
      'lease-part',
    ],
    [
      'the folder opened to others',
      async (stage, { folder }) => stage.account.demand('chmod', ['755', folder]),
      /can be entered or written by others/,
      'lease-part',
    ],
    [
      'the mark on the session removed',
      async (_, { socket }) => rmSync(socket.replace(/tmux$/, 'lease')),
      /the mark of this pairing is gone/,
      'room-unclaimed',
    ],
    [
      'the clock killed',
      async (_, live) => kill(await live.clock()),
      /what ends access at the time limit if tmuxpair hangs does not run/,
      'no-clock',
    ],
  ];
  test.each(rows(cases, 1))('I20: %s: told, shown, and put back', async (_, take, words, kind) => {
    await using stage = await makeStage({ keys: own });
    await invited(stage, 'ada');
    const live = await goLive(stage, ['--approve', 'ada.pub'], { columns: 250 });
    await live.clock();
    const standing = ['gate', 'switch', 'deadline', 'approve'].map((name) =>
      readFileSync(`${live.folder}/${name}`),
    );
    await until(async () => (await troubleOf(stage)).length === 0, { what: 'a look' });
    await take(stage, live);
    await live.host.waitFor(words, { timeout: soon });
    expect(await troubleOf(stage)).toContain(kind);
    expect(await stage.run(['repair'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await troubleOf(stage)).toEqual([]);
    expect(
      ['gate', 'switch', 'deadline', 'approve'].map((name) => readFileSync(`${live.folder}/${name}`)),
    ).toEqual(standing);
    await live.clock();
    // tmux shows over the host's shell that a job of its own was killed, until a key is pressed.
    if (kind === 'no-clock') await live.host.sendKeys('q');
    await live.host.type('exit\r');
    await live.host.exitStatus();
    await expectNothingLeft(stage);
  });

  test.runIf(isWhole())('I20: a switch that does not stay alive', async () => {
    await using stage = await makeStage({ keys: own });
    await invited(stage, 'ada');
    const live = await goLive(stage, ['ada.pub'], { columns: 250 });
    for (let n = 0; n < 3; n++) {
      const before = await until(() => live.deadMan(), { what: 'a switch' });
      kill(before);
      await until(() => live.deadMan()?.pid !== before.pid && live.deadMan(), { what: 'another' });
    }
    await live.host.waitFor('what revokes access if tmuxpair dies does not stay alive', { timeout: soon });
    expect(await troubleOf(stage)).toEqual(['no-switch']);
    expect(await stage.run(['repair'])).toMatchObject({ exitCode: 0 });
    expect(await troubleOf(stage)).toEqual([]);
  });
});

test.runIf(isWhole())('I20: modes that have sshd ignore the file', async () => {
  await using stage = await makeStage({ keys: own });
  await invited(stage, 'ada');
  const { host } = await goLive(stage, ['ada.pub'], { columns: 250 });
  await stage.account.demand('chmod', ['g+w', stage.keysPath]);
  await host.waitFor(/authorized_keys can be written by its group: sshd may ignore it/, { timeout: soon });
  const { stderr, exitCode } = await stage.run(['repair']);
  expect([exitCode, stderr]).toEqual([5, expect.stringContaining('chmod go-w')]);
  await stage.account.demand('chmod', ['g-w', stage.keysPath]);
  await host.waitFor('right again', { timeout: soon });
});

async function leaseOf(stage: Stage): Promise<string> {
  const { socket, id } = await theOne(stage);
  return socket.replace(/rooms\/.*$/, id);
}
