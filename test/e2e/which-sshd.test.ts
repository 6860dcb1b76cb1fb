/** Which sshd is announced, and what it is asked. The machines of these tests have no way out. */
import { once } from 'node:events';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { makeAccount } from '../support/account.ts';
import { makeCleanup, orUndo } from '../support/cleanup.ts';
import { entering } from '../support/enter.ts';
import { start } from '../support/execute.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { makeIdentity } from '../support/identity.ts';
import { listed, theOne } from '../support/listed.ts';
import { makeNetworks, type Networks } from '../support/network.ts';
import { keyFileOf, leaseLines } from '../support/pairing.ts';
import { isRoot, testRun } from '../support/run.ts';
import { startSshd } from '../support/sshd.ts';
import { until } from '../support/wait.ts';
import { isWhole, rows } from '../support/whole.ts';

interface Machine extends AsyncDisposable {
  readonly stage: Stage;
  readonly networks: Networks;
  /** Has somebody on another machine come in by a line that was printed. */
  readonly joins: (line: string, key?: string) => Promise<void>;
  /** The guest's key file. */
  readonly key: string;
  /** Has sshd seen so many connections since the last call. */
  readonly expectConnections: (count: number) => void;
}

/** A host's machine with an sshd on `address`, and a guest on another one. */
async function makeMachine(config: readonly string[] = ['Port 22'], address = '0.0.0.0'): Promise<Machine> {
  const cleanup = makeCleanup();
  return orUndo(cleanup, async () => {
    const networks = cleanup.use(await makeNetworks());
    const network = networks.host;
    if (address.includes(':')) await networks.addAddress(address);
    const stage = cleanup.use(
      await makeStage({
        account: { devpts: 'good', network },
        sshd: { network: { name: network, address }, config, penalties: true },
      }),
    );
    const guest = await stage.guest({ network: networks.jump });
    const key = await keyFileOf(stage, guest);
    let seen = 0;
    return {
      stage,
      networks,
      key,
      joins: async (line) => {
        const terminal = await guest.paste(line);
        await terminal.waitFor(/\[pair/, { timeout: 45_000 });
      },
      expectConnections: (count) => {
        const lines = stage.sshd.log().split('\n');
        const found = lines.slice(seen).filter((text) => text.startsWith('Connection from ')).length;
        seen = lines.length - 1;
        expect(found).toBe(count);
      },
      [Symbol.asyncDispose]: cleanup.run,
    };
  });
}

const unattended = ['--unattended', '-d', '--ttl', '5m'];

/** Starts a pairing, and ends it and its room after `meanwhile`. */
async function pairing(
  { stage, key }: Machine,
  args: readonly string[],
  meanwhile: (said: string) => unknown = () => {},
): Promise<string> {
  const { stdout, stderr, exitCode } = await stage.run([...unattended, ...args, key], { timeout: 60_000 });
  const said = `${stdout}${stderr}`;
  expect({ said, exitCode }).toEqual({ said, exitCode: 0 });
  await meanwhile(said);
  const { socket } = await theOne(stage);
  expect(await stage.run(['stop'])).toMatchObject({ exitCode: 0 });
  await stage.account.exec('tmux', ['-N', '-S', socket, 'kill-server']);
  return said;
}

/** A program of the machine's, once it has said something. */
async function running({ networks }: Machine, code: string): Promise<AsyncDisposable> {
  const enter = entering({ network: networks.host });
  const child = start({ cwd: '/', env: { PATH: '/usr/bin:/bin' }, enter }, testRun().node, ['-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout) await once(child.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Somebody on port 22 who says this, and nothing more. */
function greeter(machine: Machine, greeting: string): Promise<AsyncDisposable> {
  return running(
    machine,
    `require('net').createServer((s) => s.on('error', () => {}).write(${JSON.stringify(greeting)})).listen(22, () => console.log('ready'))`,
  );
}

const noForge = { GITHUB_API_URL: 'http://127.0.0.1:1', GITLAB_URL: 'http://127.0.0.1:1' };

test.runIf(isRoot())(
  'R3: the sshd on 22 is knocked at once, tried once, and then remembered until it or its configuration changes',
  async () => {
    await using machine = await makeMachine();
    const { stage, expectConnections } = machine;
    expectConnections(0);
    const through = "guests come through this machine's sshd, port 22\n";
    expect(await pairing(machine, [])).toContain(through);
    expectConnections(2);
    // As a guest will come.
    expect(stage.sshd.log()).toMatch(/^Connection from \S+ port \d+ on 203\.0\.113\.1 port 22/m);
    for (const args of [[], ['--port', '22'], [], ['--door', 'system']]) {
      // Other accounts of this machine are none of its business.
      await using _ = await makeAccount();
      expect(await pairing(machine, args)).toContain(through);
      expectConnections(0);
    }
    await stage.account.asRoot(`echo 'PermitTTY no' >>${stage.sshd.configFile}; kill -HUP ${stage.sshd.pid}`);
    await until(() => stage.sshd.log().split('Server listening').length > 4, { what: 'sshd to begin anew' });
    expect(await pairing(machine, [])).toContain('it gives no terminals: PermitTTY no');
    expectConnections(2); // Its other port might have done.
  },
);

test.runIf(isRoot() && isWhole())(
  'R3: twenty in a row, ten at once and the doctor five times: sshd refuses nobody, the host’s own ssh neither',
  { timeout: 240_000 },
  async () => {
    await using machine = await makeMachine();
    const { stage, expectConnections, key } = machine;
    const own = await makeIdentity(stage.account);
    const ssh = async (): Promise<void> => {
      const options = { BatchMode: 'yes', StrictHostKeyChecking: 'no', UserKnownHostsFile: '/dev/null' };
      const settings = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
      const args = [...settings, '-i', own.privateKeyFile, `${stage.account.name}@127.0.0.1`, 'echo in'];
      expect(await stage.account.demand('ssh', args)).toBe('in\n');
    };
    await stage.writeKeys(`${own.publicKey}\n`);
    const start = ['--unattended', '-d', '--ttl', '5m', '--host', '127.0.0.1', '--gate-existing-keys'];
    const through = "guests come through this machine's sshd, port 22\n";
    const at = async () =>
      expect((await stage.run([...start, key], { timeout: 120_000 })).stdout).toContain(through);
    await Promise.all(Array.from({ length: 10 }, at));
    await ssh();
    expectConnections(3); // That ssh is one.
    for (const { id, socket } of await listed(stage)) {
      expect(await stage.run(['stop', '--id', id])).toMatchObject({ stderr: '', exitCode: 0 });
      await stage.account.exec('tmux', ['-N', '-S', socket, 'kill-server']);
    }
    for (let round = 0; round < 20; round++) await pairing(machine, ['--host', '127.0.0.1']);
    await ssh();
    for (let round = 0; round < 5; round++) {
      const { stdout, exitCode } = await stage.run(['doctor', '--door', 'auto'], {
        env: noForge,
        timeout: 120_000,
      });
      expect({ stdout, exitCode }).toMatchObject({ exitCode: 0 });
      await ssh();
    }
    // A deferred one counts, and refuses nobody: so few never become an active one.
    expect(stage.sshd.log()).not.toMatch(/active penalty|drop connection/);
  },
);

test.runIf(isRoot() && isWhole())('R3: what others may have written is not believed', async () => {
  await using machine = await makeMachine();
  const { stage, expectConnections } = machine;
  await pairing(machine, []);
  await pairing(machine, []);
  expectConnections(2);
  await stage.account.demand('chmod', ['777', `${stage.account.home}/.cache/tmuxpair`]);
  await pairing(machine, []);
  expectConnections(2);
});

test.runIf(isRoot()).each(rows(['SSH-2.0-Go', 'SSH-2.0-dropbear_2022.83', 'HTTP/1.1 400 Bad Request'], 1))(
  'N1: %s on port 22: the sshd on another port is announced, and gets a guest in',
  async (greeting) => {
    await using machine = await makeMachine([]);
    await using _ = await greeter(machine, `${greeting}\r\n`);
    const { stage } = machine;
    const port = String(stage.sshd.port);
    const said = await pairing(machine, ['--host', '203.0.113.1'], async () => {
      const { door, sshCommand } = await theOne(stage);
      expect(door).toBe('system');
      await machine.joins(sshCommand);
    });
    expect(said).toContain(`guests come through this machine's sshd, port ${port}\n`);
    expect(said).toMatch(
      /^not port 22 \(it (greets as SSH-2\.0-\S+, which is not OpenSSH|does not greet as an sshd)\): /m,
    );
  },
);

test.runIf(isRoot() && isWhole())(
  'N1: another server on a port that was named is told, with what came of a trial login',
  async () => {
    await using machine = await makeMachine([]);
    await using _ = await greeter(machine, 'SSH-2.0-Go\r\n');
    expect(await pairing(machine, ['--port', '22'])).toMatch(
      /tmuxpair: warning: your guest probably can't get in through port 22: it greets as SSH-2\.0-Go, which is not OpenSSH; a trial login .* failed/,
    );
  },
);

test.runIf(isRoot()).each(
  rows(
    [
      ['AllowGroups nogroup', /Permission denied/],
      ['AuthenticationMethods publickey,password', /Permission denied/],
      ['ForceCommand /bin/date', /ssh went without a word|not in|closed/],
      ['PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256', /Permission denied/],
    ],
    1,
  ),
)(
  'N2: settings that can’t be read, with %s: a trial login tells, and the private sshd is taken',
  async (setting, said) => {
    await using machine = await makeMachine(['Port 22', setting]);
    const { stage, expectConnections } = machine;
    await stage.account.asRoot(`chmod 600 ${stage.sshd.configFile}`);
    for (const round of ['first', 'second']) {
      const text = await pairing(machine, ['--host', '203.0.113.1'], async () => {
        const { door, sshCommand } = await theOne(stage);
        expect(door).toBe('private');
        await machine.joins(sshCommand);
      });
      expect(text).toMatch(
        /^not port 22 \(its settings can't be read; a trial login with a key of type ssh-ed25519 failed: /m,
      );
      expect(text).toMatch(said);
      expectConnections(round === 'first' ? 2 : 0);
    }
    expect(await pairing(machine, ['--port', '22'])).toMatch(
      /tmuxpair: warning: your guest probably can't get in through port 22: its settings can't be read; a trial login .* failed/,
    );
  },
);

test.runIf(isRoot())('N2: settings that can’t be read, and a trial login that gets in', async () => {
  await using machine = await makeMachine();
  const { stage, expectConnections } = machine;
  await stage.account.asRoot(`chmod 600 ${stage.sshd.configFile}`);
  // It is knocked at once; what it accepts by itself is seen each time; a guest joins.
  for (const connections of [3, 2]) {
    const said = await pairing(machine, ['--host', '203.0.113.1'], async () => {
      await machine.joins((await theOne(stage)).sshCommand);
    });
    expect(said).toContain(
      "guests come through this machine's sshd, port 22: its settings can't be read, but a trial login got in\n",
    );
    // The host key is the one that the trial login saw.
    expect(said).toContain(stage.sshd.hostKeyFingerprint);
    expectConnections(connections);
  }
  expect(leaseLines(stage)).toEqual([]);
});

test.runIf(isRoot() && isWhole())(
  'W1 N2: settings that can’t be read, and variables that guests may set: not through that sshd',
  async () => {
    for (const accepted of ['*', 'LANG BASH_ENV', 'LD_*', 'ZDOTDIR']) {
      await using machine = await makeMachine(['Port 22', `AcceptEnv ${accepted}`]);
      const { stage } = machine;
      await stage.account.asRoot(`chmod 600 ${stage.sshd.configFile}`);
      const said = await pairing(machine, ['--host', '203.0.113.1'], async () => {
        expect((await theOne(stage)).door).toBe('private');
      });
      expect(said, accepted).toMatch(
        /^not port 22 \(its settings can't be read; guests can set variables of your login shell, such as /m,
      );
    }
  },
);

test.runIf(isRoot() && isWhole())(
  'W1 W2: variables that some guests get by a Match block: not through that sshd',
  async () => {
    await using machine = await makeMachine([
      'Port 22',
      'Match Address 198.51.100.0/24',
      'SetEnv SHLVL=3 BASH_ENV=/etc/ssh/benv',
      'Match all',
    ]);
    const said = await pairing(machine, ['--host', '203.0.113.1'], async () => {
      expect((await theOne(machine.stage)).door).toBe('private');
    });
    expect(said).toMatch(
      /it sets variables of your login shell for some guests: see below Match Address 198\.51\.100\.0\/24/,
    );
  },
);

test.runIf(isRoot() && isWhole())(
  'W1 N2 B4: settings that can’t be read, and another file that lets the guest in, now or later: not through that sshd',
  async () => {
    await using machine = await makeMachine([
      'Port 22',
      'StrictModes no',
      'AuthorizedKeysFile /etc/ssh/tmuxpair-test-%u .ssh/authorized_keys',
    ]);
    const { stage, key } = machine;
    const other = `/etc/ssh/tmuxpair-test-${stage.account.name}`;
    try {
      await stage.account.asRoot(
        `cp ${key} ${other}; chmod 644 ${other}; chmod 600 ${stage.sshd.configFile}`,
      );
      const said = await pairing(machine, ['--host', '203.0.113.1'], async () => {
        expect((await theOne(stage)).door).toBe('private');
      });
      expect(said).toMatch(
        /^not port 22 \(its settings can't be read; it lets file:\S+ in by itself, past the gate/m,
      );
      expect(await pairing(machine, ['--port', '22'])).toContain(
        `warning: this machine's sshd may let your guest in past the gate: you can't read all of its configuration: ${stage.sshd.configFile}`,
      );
      const plant = (): Promise<string> => stage.account.asRoot(`cp ${key} ${other}; chmod 644 ${other}`);
      const args = ['--host', '203.0.113.1'];
      for (const isThere of [false, false, true, false]) {
        await (isThere ? plant() : stage.account.asRoot(`rm -f ${other}`));
        const text = await pairing(machine, args);
        expect(text).toContain(isThere ? 'it lets file:' : 'but a trial login got in\n');
      }
      expect(stage.sshd.log()).not.toContain('Too many authentication failures');
    } finally {
      await stage.account.asRoot(`rm -f ${other}`);
    }
  },
);

test.runIf(isRoot()).each(rows(['203.0.113.1', 'fd00:7070::5'], 1))(
  'N4: an sshd that listens on %s alone is found, tried and announced there',
  async (address) => {
    await using machine = await makeMachine(['Port 22'], address);
    const { stage } = machine;
    for (const args of [[], ['--port', '22'], ['--host', address]]) {
      const said = await pairing(machine, args, async () => {
        const { door, sshCommand } = await theOne(stage);
        expect({ door, sshCommand }).toEqual({
          door: 'system',
          sshCommand: `ssh ${stage.account.name}@${address}`,
        });
        await machine.joins(sshCommand);
      });
      expect(said).not.toContain('warning: no sshd');
    }
    const { stdout } = await stage.run(['doctor', '--door', 'auto'], {
      env: noForge,
      timeout: 60_000,
    });
    expect(stdout).toMatch(/a guest got in through this machine's sshd on port 22/);
  },
);

test.runIf(isRoot())(
  'I20: an address that guests were told and that this machine loses is told',
  async () => {
    await using machine = await makeMachine(['Port 22']);
    const { stage, networks } = machine;
    await pairing(machine, ['--port', '22'], async () => {
      expect((await theOne(stage)).sshCommand).toContain('@203.0.113.1');
      await networks.loseAddress();
      const kinds = async () => kindsOf(await theOne(stage));
      await until(async () => (await kinds()).includes('address-gone'), { what: 'it to be told' });
      expect((await stage.run(['list'])).stdout).toContain('has lost the address 203.0.113.1');
    });
  },
);

test.runIf(isRoot() && isWhole())('N4: an sshd on loopback alone is nobody else’s to reach', async () => {
  await using machine = await makeMachine(['Port 22'], '127.0.0.1');
  const { stage } = machine;
  const said = await pairing(machine, [], async () => {
    await machine.joins((await theOne(stage)).sshCommand);
  });
  expect(said).toMatch(
    /^not port 22 \(it listens on 127\.0\.0\.1 only, .*\): guests come through an sshd of this pairing's own/m,
  );
  expect(await pairing(machine, ['--port', '22'])).toMatch(/warning: .* it listens on 127\.0\.0\.1 only/);
});

/** A file that root alone can write, where an sshd may be told to look for the account's keys. */
async function otherKeys(stage: Stage): Promise<{ path: string } & AsyncDisposable> {
  const path = `/etc/ssh/tmuxpair-test-${stage.account.name}`;
  return {
    path,
    [Symbol.asyncDispose]: async () => void (await stage.account.asRoot(`rm -f ${path}`)),
  };
}

test.runIf(isRoot() && isWhole())(
  'B2: an sshd that runs with older settings than its file, and lets the guest in by them, is not taken',
  async () => {
    await using machine = await makeMachine([
      'Port 22',
      'StrictModes no',
      'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/tmuxpair-test-%u',
    ]);
    const { stage, key } = machine;
    const { configFile, pid } = stage.sshd;
    await using other = await otherKeys(stage);
    await stage.account.asRoot(
      `cp ${key} ${other.path}; chmod 644 ${other.path}; sed -i /AuthorizedKeysFile/d ${configFile}`,
    );
    const stale = `its configuration (${configFile}) has changed since it was started`;
    const said = await pairing(machine, ['--host', '203.0.113.1'], async () => {
      expect((await theOne(stage)).door).toBe('private');
    });
    expect(said).toContain(`not port 22 (${stale}`);
    expect(said).toMatch(/it lets file:\S+ in by itself, past the gate/);
    expect(await pairing(machine, ['--port', '22'])).toContain(
      `warning: it is not known whether your guest can get in through port 22: ${stale}`,
    );
    const count = (): number => stage.sshd.log().split('Server listening').length;
    const before = count();
    await stage.account.asRoot(`kill -HUP ${pid}`);
    await until(() => count() > before + 1, { what: 'sshd to begin anew' });
    expect(await pairing(machine, [])).toContain("guests come through this machine's sshd, port 22\n");
  },
);

test.runIf(isRoot() && isWhole())(
  'B3: two sshds on one port: the one that guests come to is judged, by its own settings',
  async () => {
    await using machine = await makeMachine(['Port 22'], '127.0.0.1');
    const { stage, networks } = machine;
    const network = { name: networks.host, address: '203.0.113.1' };
    const refusing = await startSshd(stage.account, { network, config: ['Port 22', 'PermitTTY no'] });
    try {
      expect(await pairing(machine, [])).toContain(
        "this machine's sshd on port 22 won't do (it gives no terminals: PermitTTY no)",
      );
      expect(await pairing(machine, ['--port', '22'])).toMatch(
        /may keep your guest out: it gives no terminals/,
      );
    } finally {
      await refusing.stop();
    }
    await stage.account.asRoot(`echo 'PermitTTY no' >>${stage.sshd.configFile}; kill -HUP ${stage.sshd.pid}`);
    await using _ = await startSshd(stage.account, { network, config: ['Port 22'] });
    const said = await pairing(machine, [], async () => {
      await machine.joins((await theOne(stage)).sshCommand);
    });
    expect(said).toContain("guests come through this machine's sshd, port 22\n");
  },
);

test.runIf(isRoot() && isWhole())(
  'C1: an account that has expired: a trial login tells before the line is announced, also through a port that was named',
  async () => {
    await using machine = await makeMachine(['Port 22', 'UsePAM yes']);
    const { stage } = machine;
    await stage.account.asRoot(`usermod -e 1 ${stage.account.name}`);
    const said = await pairing(machine, ['--host', '203.0.113.1'], async () => {
      expect((await theOne(stage)).door).toBe('private');
    });
    expect(said).toMatch(/^not port 22 \(a trial login with a key of type ssh-ed25519 failed: /m);
    expect(await pairing(machine, ['--port', '22'])).toMatch(
      /warning: your guest probably can't get in through port 22: a trial login with a key of type ssh-ed25519 failed: /,
    );
    await stage.account.asRoot(`usermod -e '' ${stage.account.name}`);
    expect(await pairing(machine, [])).toContain("guests come through this machine's sshd, port 22\n");
  },
);

const kindsOf = ({ trouble }: { trouble?: readonly { kind: string }[] }): string[] =>
  (trouble ?? []).map(({ kind }) => kind);

test.runIf(isRoot())(
  'C6: an sshd whose settings are fine, and that drops whoever comes, is not announced, and one that was named warns',
  async () => {
    await using machine = await makeMachine(['Port 22', 'PerSourceMaxStartups 1']);
    await using _ = await running(
      machine,
      "require('net').connect(22, '127.0.0.1').on('data', () => console.log('ready'))",
    );
    expect(await pairing(machine, [])).toMatch(
      /^not port 22 \(it refuses connections from this machine .*\): guests come through an sshd of this pairing's own/m,
    );
    expect(await pairing(machine, ['--port', '22'])).toMatch(
      /warning: it is not known whether your guest can get in through port 22: it refuses connections/,
    );
  },
);

test.runIf(isRoot() && isWhole())(
  'C3: an sshd that shows another host key than the one announced is not taken',
  async () => {
    await using machine = await makeMachine(['Port 22']);
    const { stage } = machine;
    const hostKey = stage.sshd.configFile.replace('sshd_config', 'host_key.pub');
    const other = await makeIdentity(stage.account);
    await stage.account.asRoot(`echo '${other.publicKey}' >${hostKey}`);
    expect(await pairing(machine, [])).toMatch(
      /^not port 22 \(a trial login .* failed: .*Host key verification failed/m,
    );
  },
);

test.runIf(isRoot())(
  'B9 C5: what becomes of sshd while a pairing lives is told within seconds: settings, a lock-out, an account that expires, its end',
  async () => {
    await using machine = await makeMachine(['Port 22', 'UsePAM yes']);
    const { stage } = machine;
    const { configFile, pid } = stage.sshd;
    await pairing(machine, ['--port', '22'], async () => {
      const told = (kind: string, isThere = true): Promise<unknown> =>
        until(async () => kindsOf(await theOne(stage)).includes(kind) === isThere, {
          what: `${kind}: ${isThere}`,
          timeout: 15_000,
        });
      await stage.account.asRoot(
        `sed -i '1i AuthorizedKeysCommand /bin/true\\nAuthorizedKeysCommandUser root' ${configFile}; kill -HUP ${pid}`,
      );
      await told('sshd-obstacle');
      expect((await stage.run(['list'])).stdout).toContain(
        'may let your guests in past the gate: a program gives it keys: AuthorizedKeysCommand /bin/true',
      );
      await stage.account.asRoot(`sed -i '1,2d' ${configFile}; kill -HUP ${pid}`);
      await told('sshd-obstacle', false);
      // Nothing that sshd -T tells of: it needs an address that this machine does not come from.
      await stage.account.asRoot(`sed -i 's/^AllowUsers .*/&@192.0.2.1/' ${configFile}; kill -HUP ${pid}`);
      await told('login-failed');
      await stage.account.asRoot(
        `sed -i 's/^\\(AllowUsers .*\\)@192.0.2.1/\\1/' ${configFile}; kill -HUP ${pid}`,
      );
      await told('login-failed', false);
      await stage.account.asRoot(`usermod -e 1 ${stage.account.name}`);
      await told('login-failed');
      await stage.account.asRoot(`usermod -e '' ${stage.account.name}`);
      await told('login-failed', false);
      const hostKey = `${dirname(configFile)}/host_key`;
      await stage.account.asRoot(
        `rm ${hostKey}*; ssh-keygen -q -t ed25519 -N '' -f ${hostKey}; chmod 644 ${hostKey}.pub; kill -HUP ${pid}`,
      );
      await told('host-key-changed');
      await stage.account.asRoot(`kill ${pid}`);
      await told('sshd-gone');
    });
  },
);

test.runIf(isRoot() && isWhole())(
  'C2: an sshd with other files by the same names is one whose settings are not known: keys are offered each time',
  async () => {
    await using machine = await makeMachine([], '127.0.0.1');
    const { stage, key } = machine;
    await using other = await otherKeys(stage);
    const folder = dirname(stage.sshd.configFile);
    const own = ['Port 22', 'ListenAddress 203.0.113.1', `HostKey ${folder}/host_key`, 'StrictModes no'];
    const config = [...own, `PidFile ${folder}/other-pid`, 'UsePAM no'];
    const inside = [...config, 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/tmuxpair-test-%u'];
    await stage.account.asRoot(`printf '%s\\n' ${config.map((line) => `'${line}'`).join(' ')} >${folder}/seen
printf '%s\\n' ${inside.map((line) => `'${line}'`).join(' ')} >${folder}/inside
unshare -m sh -c 'mount --bind ${folder}/inside ${folder}/seen && exec /usr/sbin/sshd -E ${folder}/other-log -f ${folder}/seen'`);
    const pid = async (): Promise<string> =>
      (await stage.account.asRoot(`cat ${folder}/other-pid || :`)).trim();
    await until(async () => (await pid()) !== '', { what: 'the other sshd to listen' });
    try {
      expect(await pairing(machine, [])).toContain("its settings can't be read, but a trial login got in");
      await stage.account.asRoot(`cp ${key} ${other.path}; chmod 644 ${other.path}`);
      expect(await pairing(machine, [])).toMatch(
        /^not port 22 \(its settings can't be read; it lets file:\S+ in/m,
      );
    } finally {
      await stage.account.asRoot(`kill ${await pid()}`);
    }
  },
);

test.runIf(isRoot() && isWhole())(
  "W1: settings that can't be read: the key of somebody who is invited later is offered, too",
  async () => {
    await using machine = await makeMachine([
      'Port 22',
      'StrictModes no',
      'AuthorizedKeysFile /etc/ssh/tmuxpair-test-%u .ssh/authorized_keys',
    ]);
    const { stage } = machine;
    const eve = await stage.guest();
    const file = await keyFileOf(stage, eve, 'eve');
    await using other = await otherKeys(stage);
    await stage.account.asRoot(
      `cp ${file} ${other.path}; chmod 644 ${other.path}; chmod 600 ${stage.sshd.configFile}`,
    );
    for (const args of [[], ['--port', '22']])
      await pairing(machine, args, async () => {
        const refused = await stage.run(['invite', file]);
        expect(refused).toMatchObject({
          exitCode: 5,
          stderr: expect.stringMatching(/this machine's sshd lets file:\S+ in by itself, past the gate/),
        });
        expect(leaseLines(stage)).toHaveLength(1);
        await stage.account.asRoot(`mv ${other.path} ${other.path}.aside`);
        expect(await stage.run(['invite', file])).toMatchObject({ exitCode: 0 });
        await stage.account.asRoot(`mv ${other.path}.aside ${other.path}`);
      });
  },
);
