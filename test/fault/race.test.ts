import { chmodSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { record } from '../support/ledger.ts';
import { expectNothingLeft, goLive, guestProcesses, invited } from '../support/live.ts';
import { until } from '../support/wait.ts';
import { isWhole, times } from '../support/whole.ts';

const own = '# mine\n';

const count = times(100, 40);

test.runIf(isWhole())(
  'G6: many connections around the instant of the end: none attached afterwards',
  async () => {
    await using stage = await makeStage({ keys: own });
    const before = stage.snapshot();
    const names = Array.from({ length: 13 }, (_, n) => `guest${n}`);
    const guests = await Promise.all(names.map((name) => invited(stage, name)));
    // The login shell reads this before the gate: connections of one instant come to the gate over two whole seconds.
    await stage.writeFile('.bashrc', 'sleep $((RANDOM % 2)).$((RANDOM % 10))\n');
    const live = await goLive(
      stage,
      names.map((name) => `${name}.pub`),
    );
    const said: string[] = [];
    const attempts = Array.from({ length: count }, async (_, n) => {
      const { stdout, stderr } = (await guests[n % 13]?.run(['-tt'], [], { timeout: 60_000 })) ?? {};
      said.push(`${stdout}${stderr}`);
    });
    const attached = () => guestProcesses(stage).filter(({ cmd }) => cmd.includes(' attach-session -E '));

    await until(() => attached().length >= 3, { what: 'some to be in', timeout: 30_000 });
    const inside = attached().length;
    await live.host.sendKeys('C-b', 'd');
    expect(await live.host.exitStatus()).toBe(0);
    expect(attached()).toEqual([]);
    stage.expectUntouched(before);
    await Promise.all(attempts);

    const at = (pattern: RegExp) => said.filter((text) => pattern.test(text)).length;
    const [refused, denied] = [at(/this pairing is over|gate: /), at(/Permission denied/)];
    console.log(`${inside} were in, ${refused} were refused at the gate or without one, ${denied} by sshd`);
    expect(refused).toBeGreaterThan(0);
    await expectNothingLeft(stage);
    record({
      id: 'G6',
      fault: `${count} connections around the end`,
      guests: `${inside} were in, ${said.length - inside} came late: none attached afterwards`,
      file: 'as before',
    });
  },
);

test('G6: those between the check and the room are ended, too', async () => {
  await using stage = await makeStage({ keys: own });
  const ada = await invited(stage, 'ada');
  const slow = await stage.writeFile(
    'slow-tmux',
    '#!/bin/sh\ncase " $* " in *" -E "*) until [ -e "$0.go" ]; do sleep 0.1; done;; esac\nexec tmux "$@"\n',
  );
  chmodSync(slow, 0o755);
  const live = await goLive(stage, ['ada.pub', '--tmux', slow]);
  const attempts = Array.from({ length: 8 }, () => ada.run(['-tt']));
  const between = () => guestProcesses(stage).filter(({ cmd }) => cmd.includes('slow-tmux'));
  await until(() => between().length === 8, { what: 'all to be past the check' });

  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);

  expect(guestProcesses(stage)).toEqual([]);
  await stage.writeFile('slow-tmux.go', '');
  for (const { stdout } of await Promise.all(attempts)) expect(stdout).not.toContain('[pair]');
  await until(async () => (await live.room('list-clients')).stdout === '', { what: 'nobody in the room' });
});
