import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import { ed25519Line } from '../support/keys/wire.ts';
import { expectNothingLeft, leases } from '../support/live.ts';
import {
  expiryOf,
  inRoom,
  inTheRoom,
  keyFileOf,
  leaseLines,
  sessions,
  startPairing,
} from '../support/pairing.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

const own = '# mine\n';

test.concurrent.each(
  rows(
    [
      ['read-write', []],
      ['read-only', ['-r']],
    ],
    1,
  ),
)(
  'G4: %s: warned, then out when time is up, over an old connection too; the host works on',
  async (_, options) => {
    await using stage = await makeStage({ keys: own });
    const guest = await stage.guest();
    const before = stage.snapshot();
    const path = await keyFileOf(stage, guest);
    const host = await startPairing(stage, [...options, '--ttl', '20s', path]);
    const deadline = expiryOf(leaseLines(stage)[0]);
    await host.type('kept=$((20+1)); echo host-$kept\r');
    const master = await guest.master({ session: 'terminal' });
    const { terminal: seat } = master;
    if (!seat) throw new Error('a session of its own');
    await seat.waitFor('host-21');

    const warning = /[12]s left, then the guests are out/;
    const [warnedAt] = await Promise.all(
      [host, seat].map(async (one) => {
        await one.waitFor(warning, { timeout: 30_000 });
        return Date.now();
      }),
    );
    expect(warnedAt).toBeLessThan(deadline);
    await seat.exitStatus();
    expect(Date.now() - deadline).toBeGreaterThan(-1000);
    expectWithin(Date.now() - deadline, 1000);
    expect(await master.isAlive()).toBe(false);
    expect(await master.channel(['-tt'])).toMatchObject({ exitCode: 255, stdout: '' });
    expect(await guest.run(['-tt'])).toMatchObject({
      exitCode: expect.not.toSatisfy((code: number) => code === 0),
      stdout: expect.not.stringContaining('host-21'),
    });
    await host.waitFor('time is up: the guests are out, the session is yours');
    stage.expectUntouched(before);
    expect(leases(stage)).toEqual([]);
    expect((await guest.run([], ['id'])).stderr).toContain('Permission denied');

    await host.type('echo still-$kept\r');
    await host.waitFor(/^still-21$/m);
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    expect(await host.screen()).toContain('time is up: access is revoked');
    expect(sessions(stage)).toEqual(['pair']);
    await expectNothingLeft(stage);
    stage.expectUntouched(before);
  },
);

test('O6: a --ttl that is no duration, or none that a pairing may have, is a usage error', async () => {
  await using stage = await makeStage({ keys: own });
  const guest = await stage.guest();
  const before = stage.snapshot();
  const path = await keyFileOf(stage, guest);
  const refused = [
    '0',
    '0s',
    '-1',
    '1y',
    '1e99',
    '',
    '30 m',
    ' 30m',
    '90',
    '1.5h',
    '+5m',
    '30M',
    '1m1h',
    '1m1m',
    '8d',
    '6d24h1s',
    '9999999s',
    '0x10s',
    '١m',
    '30m\n',
    'NaN',
  ];
  await Promise.all(
    [0, 1].map(async (half) => {
      for (const ttl of refused.filter((_, index) => index % 2 === half)) {
        const ended = await stage.run([`--ttl=${ttl}`, path]);
        expect({ ttl, ...ended }).toEqual({
          ttl,
          exitCode: 2,
          signal: null,
          stdout: '',
          stderr: expect.stringMatching(/^tmuxpair: error: --ttl ".*" (is|was) .*\ntmuxpair: hint: .*\n$/),
        });
      }
    }),
  );
  expect(await stage.run(['--ttl', '-1', path])).toMatchObject({ exitCode: 2 });
  expect(await stage.run(['-t'])).toMatchObject({ exitCode: 2 });
  expect(await stage.run([path], { env: { TMUXPAIR_TTL: '90' } })).toMatchObject({
    exitCode: 2,
    stderr: 'tmuxpair: error: --ttl "90" is not a duration\ntmuxpair: hint: give it a unit, as 90m or 90s\n',
  });
  stage.expectUntouched(before);
  expect(leases(stage)).toEqual([]);
});

test('O6: a --ttl that is one is exactly the one that was meant; without it there are 4 hours', async () => {
  await using stage = await makeStage({ keys: own });
  const path = await keyFileOf(stage, await stage.guest());
  const meant = [
    [['--ttl', '90s'], 90],
    [['-t', '1h30m'], 5400],
    [['--ttl=7d'], 7 * 86_400],
    [[], 4 * 3600],
  ] as const;
  for (const [options, seconds] of meant) {
    const started = Date.now();
    const host = await startPairing(stage, [...options, path]);
    const lasts = (expiryOf(leaseLines(stage)[0]) - started) / 1000;
    expect(lasts).toBeGreaterThanOrEqual(seconds);
    expect(lasts).toBeLessThan(seconds + 10);
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    await host.close();
  }
});

test.runIf(isWhole())(
  'time counts from when it is known who may come, however long the host thinks about a question',
  async () => {
    await using stage = await makeStage({ keys: own });
    const guest = await stage.guest();
    await using forge = await startForge({ kind: 'github', users: { octocat: [{ key: ed25519Line() }] } });
    const env = { GITHUB_API_URL: forge.url };
    expect((await stage.run(['keys', '@octocat'], { env })).exitCode).toBe(0);
    forge.users = { octocat: [{ key: guest.identity.publicKey }] };
    const host = await stage.pair(['--ttl', '12s', '@octocat'], { env });
    await host.waitFor('let them in with the new keys? [y/N]');
    const [folder = ''] = leases(stage);
    const [shown = 0] = (await inRoom(stage, 'pair', 'show-options', '-v', '@tmuxpair-until'))
      .split('\n')
      .map(Number);
    await until(() => Date.now() / 1000 > shown, { what: 'the time that was asked for to be over' });
    // By this file the clock ends a pairing whose supervisor is stuck past its time.
    const [ends = 0] = readFileSync(`${folder}/deadline`, 'latin1').split(' ').map(Number);
    expect(ends).toBeGreaterThan(Date.now() / 1000 + 3600);
    await host.type('y\r');
    await host.waitFor(inTheRoom);
    expect(expiryOf(leaseLines(stage)[0])).toBeGreaterThan(Date.now());
    const seat = await guest.join();
    await seat.waitFor('[pair]');
    await host.waitFor('time is up: the guests are out, the session is yours');
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
  },
);
