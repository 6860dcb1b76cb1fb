import { chmodSync, lchownSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { goLive, invited, kill } from '../support/live.ts';
import { isRoot } from '../support/run.ts';
import { until } from '../support/wait.ts';
import { isWhole } from '../support/whole.ts';

function logFile({ account }: Stage, name = 'log.jsonl'): string {
  return `${account.home}/.local/state/tmuxpair/${name}`;
}

async function lines(stage: Stage, ...args: string[]) {
  const { stdout, stderr, exitCode } = await stage.run(['log', '--json', ...args]);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test('who was in, when, from where, with which key, and how it ended', async () => {
  await using stage = await makeStage();
  const [ada, eve] = [await invited(stage, 'ada'), await invited(stage, 'eve')];
  const live = await goLive(stage, ['ada.pub']);
  const seat = await ada.join();
  await live.host.waitFor('ada has joined');
  for (const command of [
    ['access', 'ada', 'ro'],
    ['extend', '10m'],
    ['invite', '-r', 'eve.pub'],
    ['kick', 'eve'],
  ])
    expect(await stage.run(command)).toMatchObject({ exitCode: 0 });
  await ada.run([], ['id']);
  await live.host.waitFor('ada was refused from 127.0.0.1');
  await seat.sendKeys('q');
  await live.host.waitFor('ada has left');
  await live.host.sendKeys('C-b', 'd');
  expect(await live.host.exitStatus()).toBe(0);

  const all = await lines(stage);
  const reference = `file:${stage.account.home}/ada.pub`;
  const who = { guest: 'ada', reference };
  const from = { ...who, address: '127.0.0.1', fingerprint: ada.identity.fingerprint };
  const their = { guest: 'eve', reference: reference.replace('ada', 'eve') };
  expect(all.map(({ v, at, pairing, ...rest }) => rest)).toEqual([
    { event: 'started', session: 'pair', deadline: expect.stringMatching(/Z$/) },
    { event: 'invited', ...who, access: 'read-write', fingerprints: [ada.identity.fingerprint] },
    { event: 'joined', ...from, access: 'read-write' },
    { event: 'access', ...who, access: 'read-only' },
    { event: 'extended', deadline: expect.stringMatching(/Z$/) },
    { event: 'invited', ...their, access: 'read-only', fingerprints: [eve.identity.fingerprint] },
    { event: 'kicked', ...their },
    { event: 'refused', ...who, address: '127.0.0.1', why: 'terminal' },
    { event: 'left', ...from, access: 'read-only' },
    { event: 'ended', reason: 'host-detached' },
  ]);
  for (const { v, at, pairing } of all) {
    expect({ v, pairing }).toEqual({ v: 1, pairing: live.id });
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(100_000);
  }
  expect(statSync(logFile(stage)).mode & 0o777).toBe(0o600);

  const told = (await stage.run(['log'])).stdout.trimEnd().split('\n');
  expect(told).toHaveLength(all.length);
  expect(told[2]).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}[a-z2-7]{12} {2}ada \(file:.*\) has joined: 127\.0\.0\.1, may type, SHA256:/,
  );

  const killed = await goLive(stage, ['-s', 'other', 'ada.pub']);
  kill(killed.supervisor);
  await until(async () => (await lines(stage, '--id', killed.id)).at(-1)?.event === 'swept', {
    what: 'its end in the log',
  });
  expect(await lines(stage, '--since', '2999-01-01')).toEqual([]);
  expect(await lines(stage, '--since', '1d')).toHaveLength((await lines(stage)).length);
  expect((await stage.run(['log', '--since', '2999-01-01'])).stdout).toBe('nothing has been recorded\n');
  for (const since of ['', 'yesterday', '1', '-1d', '2026-13-01', '2026-05-01T25:00'])
    expect(await stage.run(['log', `--since=${since}`]), since).toMatchObject({ exitCode: 2 });
});

test('what is no line is passed over; what has been cut off by a full disk takes no other line with it', async () => {
  await using stage = await makeStage();
  await invited(stage, 'ada');
  const folder = '.local/state/tmuxpair';
  await stage.account.demand('mkdir', ['-p', '-m', '700', folder]);
  const sound = { v: 1, at: '2026-05-01T00:00:00.000Z', pairing: 'aaaaaaaaaaaa', event: 'ended' };
  const hostile = {
    ...sound,
    event: 'joined',
    guest: '\x1b[2J',
    address: '\x07',
    access: 'x',
    reference: 'y\n',
    fingerprint: 'z\u202e',
  };
  const garbage = [
    '',
    'null',
    '[]',
    '{"v":2}',
    '{"v":1,"at":"x","pairing":"y","event":"z"}',
    '\0\xff',
    'x'.repeat(100_000),
  ];
  const text = [
    ...garbage,
    JSON.stringify(hostile),
    JSON.stringify({ ...sound, event: 'later' }),
    '{"v":1,"at":"20',
  ].join('\n');
  await stage.writeFile(`${folder}/log.jsonl`, text);
  await stage.run(['--port', String(stage.sshd.port), '--unattended', '--join-timeout', '1s', 'ada.pub']);
  const events = (await lines(stage)).map(({ event }) => event);
  expect(events).toEqual(['joined', 'later', 'started', 'invited', 'ended']);
  const { stdout } = await stage.run(['log']);
  expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  expect(stdout.split('\n')[0]).toContain('\\x1b[2J');
});

test.runIf(isWhole())(
  'it keeps a megabyte and the one before, and many that write at once lose no line',
  async () => {
    await using stage = await makeStage();
    const ada = await invited(stage, 'ada');
    await stage.account.demand('mkdir', ['-p', '-m', '700', '.local/state/tmuxpair']);
    const line = `${JSON.stringify({ v: 1, at: new Date().toISOString(), pairing: 'aaaaaaaaaaaa', event: 'swept' })}\n`;
    const almost = line.repeat(Math.floor((2 ** 20 - 2000) / line.length));
    await stage.writeFile('.local/state/tmuxpair/log.jsonl', almost);
    await stage.writeFile('.local/state/tmuxpair/log.old.jsonl', 'gone by then\n');
    const port = String(stage.sshd.port);
    const many = Array.from({ length: 6 }, (_, n) =>
      stage.run([
        '--port',
        port,
        '--unattended',
        '--gate-existing-keys',
        '--join-timeout',
        '2s',
        '-s',
        `s${n}`,
        'ada.pub',
      ]),
    );
    for (const { exitCode } of await Promise.all(many)) expect(exitCode).toBe(0);
    const [old, now] = ['log.old.jsonl', 'log.jsonl'].map((name) =>
      readFileSync(logFile(stage, name), 'utf8'),
    );
    expect(old).toContain(almost);
    expect(old?.length).toBeLessThan(2 ** 20 + 10_000);
    expect(now?.length ?? 0).toBeLessThan(10_000);
    const events = (await lines(stage)).map(({ event }) => event).filter((event) => event !== 'swept');
    expect([...events].sort()).toEqual(
      ['ended', 'invited', 'started'].flatMap((event) => Array(6).fill(event)),
    );
    expect(ada.identity.fingerprint).toMatch(/^SHA256:/);
  },
);

test.runIf(isWhole())(
  'a log that can not be written, or is not ours, costs a warning and never the pairing',
  async () => {
    await using stage = await makeStage();
    await invited(stage, 'ada');
    const path = logFile(stage);
    const target = await stage.writeFile('target', 'theirs\n');
    await stage.account.demand('mkdir', ['-p', '-m', '700', '.local/state/tmuxpair']);
    const places: readonly (readonly [string, () => unknown])[] = [
      ['it is a symbolic link', () => symlinkSync(target, path)],
      ['others can write it', () => stage.writeFile('.local/state/tmuxpair/log.jsonl', '', 0o666)],
      ['it is no plain file', () => stage.account.demand('mkfifo', [path])],
      ...(isRoot()
        ? ([['it belongs to user 0', () => writeFileSync(path, '', { mode: 0o644 })]] as const)
        : []),
      ['it is no plain file', () => stage.account.demand('mkdir', [path])],
    ];
    for (const [problem, make] of places) {
      rmSync(path, { recursive: true, force: true });
      await make();
      const { stderr, exitCode } = await stage.run([
        ...['--port', String(stage.sshd.port), '--unattended', '--join-timeout', '1s', 'ada.pub'],
      ]);
      expect(exitCode, problem).toBe(0);
      expect(
        stderr.split('\n').filter((line) => line.includes("the log can't be written")),
        problem,
      ).toHaveLength(1);
      const log = await stage.run(['log']);
      expect(log, problem).toMatchObject({ exitCode: 6, stdout: '' });
    }
    expect(readFileSync(target, 'utf8')).toBe('theirs\n');
    rmSync(path, { recursive: true, force: true });
    chmodSync(`${stage.account.home}/.local/state/tmuxpair`, 0o777);
    const refused = await stage.run([
      '--port',
      String(stage.sshd.port),
      '--unattended',
      '--join-timeout',
      '1s',
      'ada.pub',
    ]);
    expect(refused.stderr).toContain('others can write it');
    expect(refused.exitCode).toBe(0);
    lchownSync(target, stage.account.uid, stage.account.gid);
  },
);
