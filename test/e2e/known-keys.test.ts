import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import { expectNothingLeft, leases, litter } from '../support/live.ts';
import { keyFileOf, leaseLines, rooms, startPairing } from '../support/pairing.ts';
import { isWhole } from '../support/whole.ts';

const own = '# mine\n\n';

/** Where a guest's key may stand already: in which file, with what around it. */
const places: Readonly<Record<string, readonly ['' | '2', (key: string) => string]>> = {
  bare: ['', (key) => key],
  'indented, with a comment': ['', (key) => `  ${key} me@desk # old`],
  'with options': ['', (key) => `from="10.0.0.1",command="echo \\"a b\\"" ${key}`],
  'cert-authority': ['', (key) => `cert-authority ${key}`],
  expired: ['', (key) => `restrict,expiry-time="20200101Z",command="false" ${key}`],
  'with CRLF': ['', (key) => `${key}\r`],
  'in authorized_keys2': ['2', (key) => key],
};

test("G12: a key that the host's file has already is refused by path and line, and nothing is done", async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  const other = await guest.newIdentity();
  const path = await keyFileOf(stage, [other, guest.identity]);
  for (const [name, [suffix, lineOf]] of Object.entries(places)) {
    await stage.writeKeys(suffix === '' ? `${own}${lineOf(guest.identity.publicKey)}\n` : own);
    await stage.writeFile(
      '.ssh/authorized_keys2',
      suffix === '2' ? `${own}${lineOf(guest.identity.publicKey)}\n` : '',
    );
    const before = stage.snapshot();
    await using host = await stage.pair([path], { columns: 250 });
    expect([name, await host.exitStatus()]).toEqual([name, 5]);
    const said = await host.transcript();
    expect(said).toContain(
      `tmuxpair: error: ${stage.keysPath}${suffix}:3: the key ${guest.identity.fingerprint} of file:`,
    );
    expect(said).toMatch(/^tmuxpair: hint: .*--gate-existing-keys/m);
    stage.expectUntouched(before);
    expect([litter(stage), rooms(stage)]).toEqual([[], []]);
  }
  await expectNothingLeft(stage);
});

test.runIf(isWhole())(
  'G12: a key that stands in a comment only, or as part of another, is no such key',
  async () => {
    await using stage = await makeStage();
    const guest = await stage.guest();
    const { publicKey } = guest.identity;
    await stage.writeKeys(`# ${publicKey}\n #${publicKey}\n${publicKey}AAAA cut\n`);
    const before = stage.snapshot();
    const host = await startPairing(stage, [await keyFileOf(stage, guest)]);
    await (await guest.join()).waitFor('[pair]');
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    stage.expectUntouched(before);
  },
);

test('G12: --gate-existing-keys puts the gate in front of the line, and takes it away again', async () => {
  await using stage = await makeStage();
  const guest = await stage.guest();
  await stage.writeKeys(`${own}${guest.identity.publicKey}\n`);
  await stage.writeFile('.ssh/authorized_keys2', `${guest.identity.publicKey}\n`);
  const before = stage.snapshot();
  const id = async () => (await guest.run([], ['id'])).stdout.includes('uid=');
  expect(await id()).toBe(true);
  const host = await startPairing(stage, ['--gate-existing-keys', await keyFileOf(stage, guest)]);
  expect(await id()).toBe(false);
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  await seat.exitStatus();
  stage.expectUntouched(before);
  expect(await id()).toBe(true);
});

test.runIf(isWhole())(
  'G14: two guests of one name have labels and flags of their own; a key of both counts for the first',
  async () => {
    await using stage = await makeStage({ keys: own });
    const guests = await Promise.all([stage.guest(), stage.guest(), stage.guest()]);
    const [one, two, both] = guests.map(({ identity }) => ({ key: identity.publicKey }));
    if (!one || !two || !both) throw new Error('three guests');
    const github = await startForge({ kind: 'github', users: { ada: [one, both] } });
    const gitlab = await startForge({ kind: 'gitlab', users: { ada: [two, both] } });
    const file = await keyFileOf(stage, await stage.guest(), 'ada');
    const before = stage.snapshot();
    const env = { GITHUB_API_URL: github.url, GITLAB_URL: gitlab.url };
    const host = await startPairing(stage, ['github:ada', 'gitlab:ada', '--github', 'ADA', file], { env });
    await Promise.all([github.close(), gitlab.close()]);

    const labels = leaseLines(stage).map((line) => / (\S+) tmuxpair:\w+:(\S+)$/.exec(line)?.slice(1));
    const base64 = ({ key }: { key: string }) => key.split(' ')[1];
    expect(labels.slice(0, 3)).toEqual([
      [base64(one), 'ada'],
      [base64(both), 'ada'],
      [base64(two), 'ada-gitlab'],
    ]);
    expect(labels.slice(3).map((pair) => pair?.[1])).toEqual(['ada-file']);
    const flags = await stage.account.demand('ls', [`${leases(stage)[0]}/open`]);
    expect(
      flags
        .trim()
        .split('\n')
        .filter((name) => !name.startsWith('+'))
        .sort(),
    ).toEqual(['ada', 'ada-file', 'ada-gitlab']);

    for (const [index, label] of ['ada', 'ada-gitlab', 'ada'].entries()) {
      const seat = await guests[index]?.join();
      await host.waitFor(`${label} has joined from`);
      await seat?.closeTerminal();
      await host.waitFor(`${label} has left`);
    }
    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    expect(await host.transcript()).toContain("is also ada's, and comes in as ada");
    stage.expectUntouched(before);
  },
);
