import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { goLive, invited } from '../support/live.ts';
import { isWhole } from '../support/whole.ts';

test('the key: guests by name, view only, type, put out, extend, the ssh line, the end; not for guests', async () => {
  await using stage = await makeStage();
  // Else tmux takes keys that come within a millisecond of each other for a paste.
  await stage.writeFile('.tmux.conf', 'set -g assume-paste-time 0\n');
  const [ada, bob] = [await invited(stage, 'ada'), await invited(stage, 'bob')];
  const { host, room } = await goLive(stage, ['ada.pub', 'bob.pub'], { columns: 250 });
  const seat = await ada.join();
  await host.waitFor('ada has joined');
  const open = async () => {
    const pressed = performance.now();
    await host.sendKeys('C-b', 'P');
    await host.waitFor('extend by 30m');
    return Math.round(performance.now() - pressed);
  };
  const choose = async (first: string, then: string, second: string) => {
    await host.sendKeys(first);
    await host.waitFor(then);
    await host.sendKeys(second);
  };
  const figures = [await open()];
  const shown = await host.screen();
  expect(shown).toContain('ada: in, may type');
  expect(shown).toContain('bob: not in, may type');
  await host.sendKeys('1');
  expect(await host.waitFor('put out, for good')).toContain(ada.identity.fingerprint);
  const told = host.waitFor('ada may only look from now on', { timeout: 30_000 });
  await host.sendKeys('v');
  await seat.waitFor('view only, q leaves');
  await told;

  figures.push(await open());
  await choose('1', 'put out', 't');
  await seat.waitForNo('view only');
  // A guest who types has the key, too: it does nothing for them.
  await seat.sendKeys('C-b', 'P');
  await seat.type('echo $((20+1))-no-menu\r');
  await host.waitFor('21-no-menu');
  expect(await seat.screen()).not.toContain('extend by');

  const { deadline } = await theOne(stage);
  figures.push(await open());
  await host.sendKeys('e');
  await host.waitFor('the pairing now ends at');
  expect(Date.parse((await theOne(stage)).deadline)).toBe(Date.parse(deadline) + 1800_000);
  figures.push(await open());
  await host.sendKeys('s');
  await host.waitFor(/your guest types: ssh -p \d+/);
  figures.push(await open());
  await choose('1', 'put out', 'k');
  await seat.exitStatus();
  await host.waitFor('ada is out, and stays out');
  expect((await ada.run(['-tt'])).stderr).toContain('Permission denied');

  const bobs = await bob.join();
  await bobs.waitFor('[pair]');
  figures.push(await open());
  await choose('x', 'end the pairing?', 'n');
  await host.waitForNo('end the pairing?');
  figures.push(await open());
  await choose('x', 'end the pairing?', 'y');
  await bobs.exitStatus();
  await host.waitFor('the session is yours');
  console.log(`the menu was there after, in ms: ${figures.join(', ')}`);
  expect((await room('list-keys', '-T', 'prefix')).stdout).not.toMatch(/ P +run-shell/);
});

test.runIf(isWhole())("another key, none, and one that the host's own configuration has", async () => {
  await using stage = await makeStage();
  await invited(stage, 'ada');
  await stage.writeFile('.tmux.conf', 'bind P display-message mine\n');
  const bound = async (...args: string[]) => {
    const live = await goLive(stage, [...args, 'ada.pub']);
    const { stdout } = await live.room('list-keys', '-T', 'prefix');
    await live.host.type('exit\r');
    await live.host.exitStatus();
    await live.host.close();
    return stdout.split('\n').filter((line) => /tmuxpair-menu|mine/.test(line));
  };
  expect(await bound()).toEqual([expect.stringMatching(/ P +display-message mine$/)]);
  expect(await bound('--menu-key', 'off')).toEqual([expect.stringMatching(/mine$/)]);
  expect(await bound('--menu-key', 'M-p')).toEqual([
    expect.stringMatching(/mine$/),
    expect.stringMatching(/ M-p +run-shell -b .*tmuxpair-menu/),
  ]);
  expect(await bound('--menu-key=P')).toEqual([expect.stringMatching(/ P +run-shell -b .*tmuxpair-menu/)]);
  for (const key of ['', 'PP', 'C-b d', "'", '#(x)', '-x'])
    expect(await stage.run(['--menu-key', key, 'ada.pub']), key).toMatchObject({ exitCode: 2 });
});
