import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LeaseFolder, leaseId, makeLeaseFolder, scriptsOn, shells } from '../support/lease-folder.ts';
import { type Platform, platforms } from '../support/platform.ts';
import { until } from '../support/wait.ts';

let lease: LeaseFolder;
let children: ChildProcess[];

beforeEach(() => {
  // A name that no quoting but a sound one survives.
  lease = makeLeaseFolder(`it's $(touch pwned) "a" \\b *`);
  children = [];
});
afterEach(async () => {
  for (const child of children) await end(child);
  lease.remove();
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A process that only a signal ends. */
async function guestProcess(): Promise<{ pid: number; child: ChildProcess }> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  children.push(child);
  return { pid: child.pid ?? 0, child };
}

/** A guest as their gate registered them: a connection, and a client in it. */
async function enter(label: string, platform: Platform, kind = 'ssh') {
  const { startOf } = await scriptsOn(platform);
  const [connection, client] = [await guestProcess(), await guestProcess()];
  const identity = ({ pid }: { pid: number }) => `${pid},${startOf(pid)}`;
  const record = `${kind},${label},1,${identity(connection)},${identity(client)},192.0.2.7`;
  lease.write(`in/${record}`, '');
  lease.write(`air/${client.pid}`, '');
  lease.write(`open/${label}`, 'read-write\n');
  return { connection: connection.child, client: client.child, record };
}

/** The signal that ended each of them. */
function signals(...ended: readonly ChildProcess[]): Promise<(NodeJS.Signals | null)[]> {
  return Promise.all(
    ended.map(async (child) => child.signalCode ?? ((await once(child, 'exit'))[1] as NodeJS.Signals)),
  );
}

async function run(text: string, args: readonly string[] = [], shell: readonly string[] = ['sh']) {
  const script = lease.write('script', text, 0o700);
  const [program = '', ...before] = shell;
  const child = spawn(program, [...before, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: lease.home,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const [code] = await once(child, 'close');
  return { code, output };
}

const text = async (platform: Platform) => (await scriptsOn(platform)).severScript(lease.dir);
const clean = { code: 0, output: '' };
const [here = 'linux'] = platforms;

describe('sever', () => {
  test('shuts the gate, and ends everybody, connection and all', async () => {
    const guests = [await enter('ada', here), await enter('bob', here), await enter('bob', here, 'air')];
    expect(await run(await text(here))).toEqual(clean);
    for (const { client, connection } of guests) {
      expect(await signals(client, connection)).toEqual(['SIGTERM', 'SIGTERM']);
    }
    expect(['in', 'open', 'air'].flatMap(lease.names)).toEqual([]);
    expect(existsSync(join(lease.home, 'pwned'))).toBe(false);
  });

  test('or one guest alone, whose name is the front of another’s', async () => {
    const [ada, ada2] = [await enter('ada', here), await enter('ada-2', here)];
    expect(await run(await text(here), ['ada'])).toEqual(clean);
    expect([ada2.client.signalCode, ada2.connection.signalCode]).toEqual([null, null]);
    expect([lease.names('in'), lease.names('open')]).toEqual([[ada2.record], ['ada-2']]);
    expect(await signals(ada.client, ada.connection)).toEqual(['SIGTERM', 'SIGTERM']);
  });

  test('kills who does not listen', async () => {
    const { client, connection } = await enter('ada', here);
    client.kill('SIGSTOP');
    connection.kill('SIGSTOP');
    expect(await run(await text(here))).toEqual(clean);
    expect(await signals(client, connection)).toEqual(['SIGKILL', 'SIGKILL']);
  });

  test('touches nobody who has a number that was a guest’s', async () => {
    const { pid, child } = await guestProcess();
    lease.write(`in/ssh,ada,1,${pid},1,${pid},1,192.0.2.7`, '');
    lease.write(`in/air,ada,1,${2 ** 22 + 1},1,${pid},12,`, '');
    expect(await run(await text(here))).toEqual(clean);
    expect([child.signalCode, lease.names('in')]).toEqual([null, []]);
  });

  test('has nothing to do where nobody is in, or the folder is gone', async () => {
    expect(await run(await text(here))).toEqual(clean);
    const script = await text(here);
    rmSync(lease.dir, { recursive: true });
    expect(spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  describe.each(platforms)('as on %s', (platform) => {
    test.each(shells.map((shell) => [shell.join(' '), shell] as const))('runs under %s', async (_, shell) => {
      const { connection, client } = await enter('ada', platform);
      expect(await run(await text(platform), [], shell)).toEqual(clean);
      await signals(client, connection);
      expect(['in', 'open'].flatMap(lease.names)).toEqual([]);
    });
  });
});

describe('the clock', () => {
  const sweep = ['sh', '-c', 'echo swept >"$0/swept"'] as const;

  /** A clock whose sweep leaves a file, and removes the lease. */
  async function clockWith(deadline: string, supervisor: object = {}) {
    const { clockScript, severScript, thisProcess } = await scriptsOn(here);
    lease.write('sever', severScript(lease.dir), 0o700);
    lease.write('deadline', deadline);
    return clockScript(lease.dir, { ...thisProcess(), ...supervisor }, [...sweep, lease.home]);
  }
  const swept = () => existsSync(join(lease.home, 'swept'));
  const later = async () => {
    const { uptime } = await scriptsOn(here);
    const seconds = (from: number) => Math.floor(from) + 600;
    return `${seconds(Date.now() / 1000)} ${seconds(uptime())}\n`;
  };

  test('ends the guests of a supervisor that is gone, and sweeps', async () => {
    const guest = await enter('ada', here);
    expect(await run(await clockWith(await later(), { start: '1' }))).toEqual(clean);
    expect([lease.names('in'), lease.names('open'), swept()]).toEqual([[], [], true]);
    await signals(guest.client);
  });

  test('ends them when time is up, though the supervisor lives, and leaves it to that to take the lines back', async () => {
    const guest = await enter('ada', here);
    const script = await clockWith(here === 'linux' ? '99999999999 1\n' : '1 1\n');
    const done = run(script);
    await signals(guest.client);
    rmSync(lease.dir, { recursive: true });
    expect(await done).toEqual(clean);
    expect(swept()).toBe(false);
  });

  test('goes when the lease has gone', async () => {
    const script = await clockWith(await later());
    const child = spawn('sh', [lease.write('../clock', script)], { stdio: 'ignore' });
    await once(child, 'spawn');
    children.push(child);
    // So the supervisor knows that it runs.
    const ticking = () =>
      existsSync(join(lease.dir, 'ticking')) && readFileSync(join(lease.dir, 'ticking'), 'utf8');
    expect(await until(ticking, { what: 'the clock to say who it is' })).toMatch(
      new RegExp(`^${child.pid} \\S+\n$`),
    );
    rmSync(lease.dir, { recursive: true });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(swept()).toBe(false);
  });
});

describe('the switch', () => {
  async function armed() {
    const { switchScript } = await scriptsOn(here);
    lease.write('sever', '#!/bin/sh\necho severed >>"$(dirname "$0")/../done"\n', 0o700);
    const script = switchScript(lease.dir, [
      'sh',
      '-c',
      'printf "swept %s\\n" "$1" >>"$0/done"',
      lease.home,
      lease.dir,
    ]);
    const child = spawn('sh', [lease.write('switch', script)], { stdio: ['pipe', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    children.push(child);
    return child;
  }
  const done = () => spawnSync('cat', [join(lease.home, 'done')], { encoding: 'utf8' }).stdout;

  test('does nothing after a clean end', async () => {
    const child = await armed();
    child.stdin.end('done\n');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(done()).toBe('');
  });

  test.each(['', 'don', 'do\nne\n'])('ends the guests and sweeps when all it hears is %j', async (word) => {
    const child = await armed();
    child.stdin.end(word);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(done()).toBe(`severed\nswept ${lease.dir}\n`);
  });

  test.runIf(process.platform === 'linux')('is not put off by signals', async () => {
    const child = await armed();
    const ignored = () =>
      /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    await until(() => (Number.parseInt(ignored() ?? '', 16) & 0x4003) === 0x4003, { what: 'its traps' });
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) child.kill(signal);
    child.stdin.end('done\n');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe.each(platforms)('every script, as on %s,', (platform) => {
  test.each(shells.map((shell) => [shell.join(' '), shell] as const))('is read by %s', async (_, shell) => {
    const { clockScript, gateScript, severScript, switchScript, thisProcess } = await scriptsOn(platform);
    const supervisor = thisProcess();
    const word = 'exec true';
    const scripts = [
      severScript(lease.dir),
      clockScript(lease.dir, supervisor, ["it's", '$x']),
      switchScript(lease.dir, ["it's", '$x']),
      gateScript({
        id: leaseId,
        folder: lease.dir,
        uid: 0,
        home: '/',
        supervisor,
        caps: { guest: 1, pairing: 1 },
        enter: { write: word, airlock: word, look: word },
      }),
    ];
    const [program = '', ...args] = shell;
    for (const input of scripts) {
      expect(input).not.toMatch(/undefined|\[object|NaN/);
      const { status, stderr } = spawnSync(program, [...args, '-n', '-s'], { input, encoding: 'utf8' });
      expect([status, stderr.replaceAll(/^.*: warning: .*\n/gm, '')]).toEqual([0, '']);
    }
  });
});
