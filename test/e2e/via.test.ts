import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeAccount } from '../support/account.ts';
import { makeCleanup, orUndo } from '../support/cleanup.ts';
import { makeStage } from '../support/fixture.ts';
import { makeIdentity } from '../support/identity.ts';
import { makeNetworks } from '../support/network.ts';
import { doorProcesses, invite } from '../support/private-door.ts';
import { type Process, signalProcess } from '../support/processes.ts';
import { isRoot } from '../support/run.ts';
import { startSshd } from '../support/sshd.ts';
import { until } from '../support/wait.ts';

/** What the README has the jump host's account look like: it can be passed through, and nothing else. */
const lockedDown = {
  host: 'restrict,port-forwarding,permitlisten="127.0.0.1:*",permitopen="127.0.0.1:1"',
  guest: 'restrict,port-forwarding,permitopen="127.0.0.1:*",permitlisten="127.0.0.1:1"',
} as const;

/** A host behind NAT, a guest elsewhere, and a jump host that lets both through. */
async function makeWorld() {
  const cleanup = makeCleanup();
  return orUndo(cleanup, async () => {
    const networks = cleanup.use(await makeNetworks());
    const stage = cleanup.use(
      await makeStage({
        account: { devpts: 'good', network: networks.host },
        sshd: { network: { name: networks.host, address: '127.0.0.1' } },
      }),
    );
    const jump = cleanup.use(await makeAccount({ shell: '/usr/sbin/nologin' }));
    const sshd = cleanup.use(
      await startSshd(jump, {
        network: { name: networks.jump, address: networks.address },
        config: ['ClientAliveInterval 1', 'ClientAliveCountMax 2'],
      }),
    );
    const guest = await stage.guest({ network: networks.guest });
    const identity = await makeIdentity(stage.account);
    await stage.writeFile('.ssh/known_hosts', `[${networks.address}]:${sshd.port} ${sshd.hostKeyPublic}\n`);
    await stage.writeFile('.ssh/config', `IdentityFile ${identity.privateKeyFile}\n`);
    await jump.demand('sh', [
      ...['-c', 'printf "%s\\n" "$@" >.ssh/authorized_keys', 'sh'],
      `${lockedDown.host} ${identity.publicKey}`,
      `${lockedDown.guest} ${guest.identity.publicKey}`,
    ]);
    return {
      networks,
      stage,
      guest,
      via: `${jump.name}@${networks.address}:${sshd.port}`,
      key: await stage.writeFile('guest.pub', `${guest.identity.publicKey}\n`),
      /** What is there for the host and the guest on the jump host. */
      passing: (): Process[] => jump.processes(),
      [Symbol.asyncDispose]: cleanup.run,
    };
  });
}

const doors = [
  ['private', () => ['--door', 'private']],
  ['system', (port: number) => ['--port', String(port)]],
] as const;

test('the README has these lines', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  for (const options of Object.values(lockedDown)) expect(readme).toContain(`\n${options} ssh-ed25519 `);
});

test.runIf(isRoot()).each(doors)(
  '--via, %s door: the printed line gets in from elsewhere, also after a cut',
  async (door, options) => {
    await using world = await makeWorld();
    const { stage, guest, networks, via, key, passing } = world;
    const { host, line } = await invite(stage, [...options(stage.sshd.port), '--via', via, key]);
    expect(line).toMatch(
      new RegExp(`^ssh -J ${via} -p \\d+ -o HostKeyAlias=\\S+ ${stage.account.name}@127\\.0\\.0\\.1$`),
    );
    const seat = await guest.paste(line);
    await seat.type('echo guest-$((20+2))\r');
    await host.waitFor('guest-22');

    // The host's side of the tunnel on the jump host is cut; and then the cable is out for a while.
    const [tunnel] = passing().sort((a, b) => a.startTime - b.startTime);
    if (tunnel) signalProcess(tunnel, 'SIGKILL');
    await seat.exitStatus();
    await host.waitFor('the tunnel is up again');
    const again = await guest.paste(line);
    await again.waitFor('guest-22');
    if (door === 'private') {
      await networks.cable('out');
      await host.waitFor('the tunnel is down', { timeout: 40_000 });
      await networks.cable('in');
      await host.waitFor('the tunnel is up again', { timeout: 40_000 });
      await (await guest.paste(line)).waitFor('guest-22');
    }

    await host.sendKeys('C-b', 'd');
    expect(await host.exitStatus()).toBe(0);
    await until(() => passing().length === 0, { what: 'nothing to be left on the jump host', timeout: 2000 });
    expect(stage.processes().filter(({ cmd }) => cmd.startsWith('ssh '))).toEqual([]);
    await (await guest.paste(line)).waitFor(/refused|closed|failed/);
  },
);

test.runIf(isRoot())('--via: killed, and the tunnel with it', async () => {
  await using world = await makeWorld();
  const { stage, guest, via, key, passing } = world;
  const { host, line } = await invite(stage, ['--door', 'private', '--via', via, key]);
  const seat = await guest.paste(line);
  await seat.waitFor('[pair]');
  await stage.account.demand('kill', ['-KILL', String(host.pid)]);
  await until(() => passing().length === 0 && doorProcesses(stage).length === 0, {
    what: 'nothing to be left on the jump host',
    timeout: 1500,
  });
  await seat.exitStatus();
});

test.runIf(isRoot())(
  '--via: a jump host that asks, or that lets nobody listen, is told with what ssh said',
  async () => {
    await using world = await makeWorld();
    const { stage, via, key } = world;
    const before = stage.snapshot();
    await stage.writeFile('.ssh/known_hosts', '');
    const host = await stage.start(['--via', via, '--port', String(stage.sshd.port), key]);
    expect(await host.exitStatus()).toBe(6);
    expect(await host.transcript()).toMatch(/error: no tunnel to \S+: Host key verification failed/);
    expect(stage.keysFile()).toBeUndefined();
    expect(before).toBeDefined();
  },
);
