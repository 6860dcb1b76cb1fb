import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Refusal } from '../../src/domain/failure.ts';
import type { PublicKey } from '../../src/domain/public-key.ts';
import { openTunnel } from '../../src/tunnel/tunnel.ts';
import { makeAccount } from '../support/account.ts';
import { makeCleanup, orUndo } from '../support/cleanup.ts';
import { makeStage } from '../support/fixture.ts';
import { makeIdentity } from '../support/identity.ts';
import { theOne } from '../support/listed.ts';
import { makeNetworks } from '../support/network.ts';
import { leaseFolders } from '../support/pairing.ts';
import { doorProcesses, invite } from '../support/private-door.ts';
import { type Process, signalProcess } from '../support/processes.ts';
import { isRoot, testRun } from '../support/run.ts';
import { startSshd } from '../support/sshd.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

/** What the README has the jump host's account look like: it can be passed through, and nothing else. */
const lockedDown = {
  host: 'restrict,port-forwarding,permitlisten="127.0.0.1:*",permitopen="127.0.0.1:*"',
  guest: 'restrict,port-forwarding,permitopen="127.0.0.1:*",permitlisten="127.0.0.1:1"',
} as const;

interface WorldOptions {
  /** What the host's line on the jump host begins with. */
  readonly host?: string;
  /** More of the jump host's sshd_config. */
  readonly jump?: readonly string[];
}

/** A host behind NAT, a guest elsewhere, and a jump host that lets both through. */
async function makeWorld(options: WorldOptions = {}) {
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
        config: ['ClientAliveInterval 1', 'ClientAliveCountMax 2', ...(options.jump ?? [])],
      }),
    );
    const guest = await stage.guest({ network: networks.guest });
    const identity = await makeIdentity(stage.account);
    await stage.writeFile('.ssh/known_hosts', `[${networks.address}]:${sshd.port} ${sshd.hostKeyPublic}\n`);
    await stage.writeFile('.ssh/config', `IdentityFile ${identity.privateKeyFile}\n`);
    await jump.demand('sh', [
      ...['-c', 'printf "%s\\n" "$@" >.ssh/authorized_keys', 'sh'],
      `${options.host ?? lockedDown.host} ${identity.publicKey}`,
      `${lockedDown.guest} ${guest.identity.publicKey}`,
    ]);
    return {
      networks,
      stage,
      guest,
      identity,
      /** How often the host has logged in to the jump host. */
      logins: (): number => sshd.log().split(/^Accepted publickey .*/m).length - 1,
      jump: { user: jump.name, host: networks.address, port: sshd.port },
      sshd,
      /** The account on the jump host. */
      account: jump,
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

test.runIf(isRoot()).each(rows(doors, 1))(
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
      const troubles = async () => (await theOne(stage)).trouble.map(({ kind }) => kind).join();
      await until(async () => (await troubles()) === 'tunnel-down', { what: 'the tunnel to be trouble' });
      await networks.cable('in');
      await host.waitFor('the tunnel is up again', { timeout: 40_000 });
      await until(async () => (await troubles()) === '', { what: 'the trouble to be over' });
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

test.runIf(isRoot() && isWhole())(
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

test.runIf(isRoot())(
  'N8: nothing of the ssh_config but how to get to the jump host, over two hops, has a part in the tunnel',
  async () => {
    await using world = await makeWorld({ host: 'restrict,port-forwarding' });
    const { stage, guest, jump, sshd, identity, key, logins } = world;
    const hop = `${jump.user}@${jump.host}:${jump.port}`;
    // Somebody on the jump host has one of the ports, and somebody here the other.
    const common = ['IdentityFile ~/elsewhere/key', 'IdentitiesOnly yes'];
    await stage.account.demand('mkdir', ['-p', 'elsewhere']);
    await stage.account.demand('cp', [identity.privateKeyFile, 'elsewhere/key']);
    const config = [
      'Host first',
      ...[`HostName ${jump.host}`, `Port ${jump.port}`, `User ${jump.user}`, ...common],
      'LocalForward 127.0.0.1:1 127.0.0.1:1',
      ...['ControlMaster auto', 'ControlPath ~/.ssh/c-first', 'ControlPersist yes'],
      ...['PermitLocalCommand yes', 'LocalCommand touch ~/first-command', 'RemoteCommand touch x'],
      'Host second',
      ...[`HostName ${jump.host}`, `Port ${jump.port}`, `User ${jump.user}`, ...common, 'ProxyJump first'],
      `RemoteForward 127.0.0.1:${jump.port} 127.0.0.1:9`,
      'RemoteForward 127.0.0.1:0 127.0.0.1:9',
      'LocalForward 127.0.0.1:9 127.0.0.1:9',
      'DynamicForward 127.0.0.1:9',
      'ExitOnForwardFailure yes',
      ...[
        'ControlMaster auto',
        'ControlPath ~/.ssh/c-%C',
        'ControlPersist yes',
        'ForkAfterAuthentication yes',
      ],
      ...[
        'PermitLocalCommand yes',
        'LocalCommand touch ~/local-command',
        'RemoteCommand touch remote-command',
      ],
      ...['RequestTTY force', 'ForwardAgent yes', 'LogLevel QUIET', 'SessionType subsystem', 'StdinNull yes'],
    ];
    const settings = `${config.map((line) => `${line}\n`).join('')}`;
    await stage.writeFile('.ssh/config', settings);
    const { host, line } = await invite(stage, ['--door', 'private', '--via', 'second', key]);
    // The guest has a configuration of their own: they are told where the hosts are, and log in as themselves.
    const hosts = [1, 2].map(() => `${jump.host}:${jump.port}`);
    expect(line).toContain(`ssh -J ${hosts.join(',')} `);
    expect(logins()).toBe(2);
    expect(sshd.log()).not.toMatch(/cannot listen|Starting session/);
    const seat = await guest.paste(line.replace(/-J \S+/, `-J ${hop}`));
    await seat.type('echo guest-$((20+2))\r');
    await host.waitFor('guest-22');
    const files = await stage.account.demand('find', ['.', '-name', '*-command', '-o', '-name', 'c-*']);
    expect(files).toBe('');
    // ClearAllForwardings took ours with it.
    await host.sendKeys('C-b', 'd');
    await host.exitStatus();
    await stage.writeFile('.ssh/config', `${settings}ClearAllForwardings yes\n`);
    await invite(stage, ['--door', 'private', '--via', 'second', key]);
  },
);

test.runIf(isRoot())(
  '--via: a host behind another by the ssh_config: the line names both, and whom it leaves to the guest is told',
  async () => {
    await using world = await makeWorld();
    const { stage, guest, jump, sshd, networks, key } = world;
    // Guests and the host get to it by way of the other alone.
    await using inner = await startSshd(world.account, {
      network: { name: networks.jump, address: '127.0.0.1' },
    });
    const hosts = [
      `[${jump.host}]:${jump.port} ${sshd.hostKeyPublic}`,
      `[127.0.0.1]:${inner.port} ${inner.hostKeyPublic}`,
    ];
    await stage.writeFile('.ssh/known_hosts', hosts.map((one) => `${one}\n`).join(''));
    const config = [
      'Host gate',
      ...[`HostName ${jump.host}`, `Port ${jump.port}`, `User ${jump.user}`],
      'Host inner hidden',
      ...['HostName 127.0.0.1', `Port ${inner.port}`],
      ...['Host inner', 'ProxyJump gate', 'Host hidden', 'ProxyCommand ssh -W %h:%p gate'],
      ...['Host *', `IdentityFile ${world.identity.privateKeyFile}`],
    ];
    await stage.writeFile('.ssh/config', config.map((line) => `${line}\n`).join(''));
    const gate = `${jump.host}:${jump.port}`;
    const end = `${jump.user}@127.0.0.1:${inner.port}`;
    const via = (name: string) =>
      stage.run(['--door', 'private', '--via', `${jump.user}@${name}`, '--unattended', '-d', '--json', key]);
    const behind = await via('inner');
    const line: string = JSON.parse(behind.stdout).sshCommand;
    expect(line).toMatch(new RegExp(`^ssh -J ${gate},${end} -p `));
    expect(behind.stderr).toContain(`you log in to ${jump.user}@${gate} by your ssh_config`);
    const seat = await guest.paste(line.replace(gate, `${jump.user}@${gate}`));
    await seat.waitFor('[pair]');
    await stage.run(['stop']);

    const hidden = await via('hidden');
    expect(JSON.parse(hidden.stdout).sshCommand).toContain(`ssh -J ${end} `);
    expect(hidden.stderr).toContain(`warning: your ssh_config gets to ${end} by a command (ProxyCommand)`);
  },
);

test.runIf(isRoot() && isWhole())(
  'N8: a tunnel that does not last is opened again at longer and longer intervals',
  async () => {
    await using world = await makeWorld();
    const { stage, via, key, passing, logins } = world;
    const { host } = await invite(stage, ['--door', 'private', '--via', via, key]);
    const since = performance.now();
    const cut = () => {
      for (const one of passing()) signalProcess(one, 'SIGKILL');
      return performance.now() - since > 12_000;
    };
    await until(cut, { what: 'twelve seconds', timeout: 13_000, interval: 100 });
    // At first, and after 0.5, 1, 2, 4 and 8 s; each may be cut a moment before it has logged in.
    expect(logins()).toBeLessThanOrEqual(6);
    await host.waitFor('the tunnel is up again', { timeout: 30_000 });
  },
);

test.runIf(isRoot() && isWhole())(
  'S11: a jump host whose banner says what ssh would say is not believed',
  async () => {
    const banner = `${testRun().folder}/banner`;
    const text = [
      'Allocated port 31337 for remote forward to 127.0.0.1:22',
      'debug1: remote forward success for: listen 127.0.0.1:31337, connect 127.0.0.1:22',
    ];
    writeFileSync(banner, `${text.join('\n')}\n`, { mode: 0o644 });
    for (const refusing of ['AllowTcpForwarding no', 'MaxAuthTries 20\nPubkeyAuthentication no']) {
      await using world = await makeWorld({ jump: [`Banner ${banner}`, ...refusing.split('\n')] });
      const { stage, via, key } = world;
      const host = await stage.start(['--via', via, '--door', 'private', key], { columns: 160 });
      expect(await host.exitStatus()).toBe(6);
      const transcript = await host.transcript();
      expect(transcript).toMatch(/no tunnel to \S+: (remote port forwarding failed|\S+: Permission denied)/);
      expect(transcript).not.toMatch(/31337|ask them to run/);
    }
  },
);

test.runIf(isRoot())(
  'S11: a jump host that lets nobody try the tunnel: it is said, and the line gets in',
  async () => {
    const host = lockedDown.host.replace('permitopen="127.0.0.1:*"', 'permitopen="127.0.0.1:1"');
    await using world = await makeWorld({ host });
    const { stage, guest, via, key } = world;
    const started = await stage.run(['--via', via, '--door', 'private', '--unattended', '-d', '--json', key]);
    expect(started.stderr).toMatch(/warning: it was not tried whether the tunnel leads here: .*permitopen/);
    const seat = await guest.paste(JSON.parse(started.stdout).sshCommand);
    await seat.waitFor('[pair]');
    // Who is on this account can't use the login to the jump host for anything else.
    const [lease = ''] = leaseFolders(stage);
    expect(readdirSync(lease)).not.toContain('tun');
  },
);

test.runIf(isRoot() && isWhole())(
  'S12: --bind: the tunnel leads to that address, whoever listens on 127.0.0.1',
  async () => {
    await using world = await makeWorld();
    const { stage, guest, via, key } = world;
    const port = String(stage.sshd.port);
    const bind = ['--door', 'private', '--bind', '127.0.0.9', '--port', port];
    const { host, line } = await invite(stage, [...bind, '--via', via, key]);
    const seat = await guest.paste(line);
    await seat.type('echo guest-$((20+2))\r');
    await host.waitFor('guest-22');
  },
);

test.runIf(isRoot())('S11: a tunnel that leads to another sshd than ours is not up', async () => {
  await using stage = await makeStage();
  await using jump = await makeAccount();
  await using sshd = await startSshd(jump);
  const identity = await makeIdentity(jump);
  await jump.demand('sh', ['-c', 'cat >.ssh/authorized_keys'], { input: `${identity.publicKey}\n` });
  const folder = (await jump.demand('mktemp', ['-d', `${jump.scratch}/tXXXXXX`])).trim();
  const [type = '', base64 = ''] = sshd.hostKeyPublic.split(' ');
  const [, ours = ''] = stage.sshd.hostKeyPublic.split(' ');
  const open = (hostKey: string, to: number) =>
    openTunnel({
      jump: { user: jump.name, host: sshd.host, port: sshd.port },
      undone: [
        ...[`IdentityFile=${identity.privateKeyFile}`, 'StrictHostKeyChecking=no', 'IdentitiesOnly=yes'],
        'UserKnownHostsFile=/dev/null',
      ],
      to: { host: '127.0.0.1', port: to },
      hostKeys: [{ type, base64: hostKey } as PublicKey],
      user: stage.account.name,
      folder,
      admit: [],
      env: process.env,
      onUp: () => {},
      onDown: () => {},
      onEnd: () => {},
    });
  const trouble = (promise: Promise<unknown>) =>
    promise.then(
      () => 'up',
      (error: Refusal) => (error.failure.kind === 'tunnel-failed' ? error.failure.trouble : error),
    );
  expect(await trouble(open(base64, stage.sshd.port))).toMatchObject({ kind: 'astray' });
  expect(await trouble(open(ours, 1))).toMatchObject({ kind: 'unanswered', said: /refused/ });
  const tunnel = await open(ours, stage.sshd.port);
  expect(tunnel.untried).toBeUndefined();
  tunnel.close();
});
