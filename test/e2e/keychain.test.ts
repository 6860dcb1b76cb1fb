import { dirname } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Desktop, startDesktop } from '../support/desktop.ts';
import type { Environment } from '../support/execute.ts';
import { makeStage, type Stage } from '../support/fixture.ts';
import { type Forge, startForge } from '../support/forge/start.ts';
import type { Guest } from '../support/guest.ts';
import { leaseLines } from '../support/pairing.ts';
import { readProcess } from '../support/processes.ts';
import { program } from '../support/program.ts';
import { pinsInFiles } from '../support/remembered.ts';
import { stop } from '../support/secret-service.ts';
import { expectWithin } from '../support/soon.ts';
import { until } from '../support/wait.ts';
import { rows } from '../support/whole.ts';

/** Milliseconds that a keychain may cost. */
const limit = 3000;
const took: string[] = [];
afterAll(() => process.stdout.write(`\n${took.join('\n')}\n`));

interface Scene {
  readonly stage: Stage;
  readonly desktop: Desktop;
  readonly forge: Forge;
  readonly guest: Guest;
  /** The desktop's and the forge's. */
  readonly env: Environment;
}

type Pairing = Pick<Scene, 'stage' | 'guest' | 'env'>;

async function inScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  await using stage = await makeStage();
  await using desktop = await startDesktop(stage.account);
  const guest = await stage.guest();
  const users = { octocat: [{ key: guest.identity.publicKey }] };
  await using forge = await startForge({ kind: 'github', users });
  await play({ stage, desktop, forge, guest, env: { ...desktop.env, GITHUB_API_URL: forge.url } });
}

/** A copy of the program that `change` (shell) has been run in. */
async function changed({ account }: Stage, change: string): Promise<string[]> {
  const { file, args } = program();
  const copy = `${account.scratch}/program`;
  await account.demand('cp', ['-r', dirname(dirname(args[0] ?? '')), copy]);
  await account.demand('sh', ['-ec', change], { cwd: copy });
  return [file, `${copy}/dist/main.js`];
}

/** A pairing in which a guest gets in; gives what the host was told, and the ms that keys and keychain took. */
async function pairOnce({ stage, guest, env }: Pairing, self?: readonly string[]) {
  const args = ['--debug', '--host', '127.0.0.1', '@octocat'];
  const window = { env, columns: 250 };
  const host = await (self
    ? stage.terminal([...self, '--port', String(stage.sshd.port), ...args], window)
    : stage.pair(args, window));
  await until(() => leaseLines(stage).length === 1, { what: 'the line', timeout: 45_000 });
  const seat = await guest.join();
  await seat.waitFor('[pair]');
  await host.waitFor('octocat has joined');
  await until(() => keychainProcesses(stage).length === 0, { what: 'the keychain process to go' });
  await host.sendKeys('C-b', 'd');
  expect(await host.exitStatus()).toBe(0);
  const said = await host.transcript();
  await host.close();
  const at = (event: string) =>
    Date.parse(new RegExp(`^tmuxpair: debug: (\\S+) ${event}:`, 'm').exec(said)?.[1] ?? '');
  const warnings = said.split('\n').filter((line) => line.startsWith('tmuxpair: warning:'));
  return { ms: at('fetched') - at('fetching'), warnings };
}

function keychainProcesses(stage: Stage) {
  return stage.processes().filter(({ cmd }) => /\/keychain\.js$|\/tmuxpair keychain$/.test(cmd));
}

const cannot = "tmuxpair: warning: the keychain can't be used";
const fakeKeytar = `rm -r node_modules/keytar; mkdir -p node_modules/keytar
echo '{"name":"keytar","main":"keytar.js"}' > node_modules/keytar/package.json
echo "exports.getPassword = () => process.kill(process.pid, 'SIGSEGV')" > node_modules/keytar/keytar.js`;

interface Case {
  readonly name: string;
  readonly cause: string;
  /** Arranges it, and gives the program to run where that is another one. */
  readonly arrange: (scene: Scene) => Promise<string[] | undefined>;
  readonly env?: (scene: Scene) => Environment;
  /** Whether it is arranged in the build. */
  readonly inBuild?: boolean;
  /** Whether octocat may have been seen before. */
  readonly unchecked?: boolean;
}

/** A standalone executable has its binding in it. */
const isStandalone = process.env.TMUXPAIR_BIN !== undefined;

const cases: readonly Case[] = [
  {
    name: 'no D-Bus',
    cause: 'there is no D-Bus session',
    arrange: async () => undefined,
    env: ({ forge }) => ({ GITHUB_API_URL: forge.url }),
  },
  { name: 'no service on the bus', cause: 'it says: ', arrange: async () => undefined },
  {
    name: 'locked, never used',
    cause: 'it is locked',
    arrange: async ({ desktop }) => void (await desktop.keyring('locked')),
  },
  {
    name: 'locked, with the guest in it',
    cause: 'it is locked',
    unchecked: true,
    arrange: async ({ desktop, stage, env }) => {
      const daemon = await desktop.keyring('unlocked');
      expect((await stage.run(['keys', '@octocat'], { env })).stdout).toContain('the keychain');
      await stop(daemon);
      await desktop.keyring('locked');
      return undefined;
    },
  },
  {
    name: 'unresponsive',
    cause: 'it did not answer within 2.5 s',
    arrange: async ({ desktop }) => void (await desktop.keyring('unlocked')).kill('SIGSTOP'),
  },
  {
    name: 'keytar missing',
    inBuild: true,
    cause: 'its binding is not installed',
    arrange: async ({ desktop, stage }) => {
      await desktop.keyring('unlocked');
      return changed(stage, 'rm -r node_modules/keytar');
    },
  },
  {
    name: 'keytar not loading',
    inBuild: true,
    cause: 'its binding does not load: ',
    arrange: async ({ desktop, stage }) => {
      await desktop.keyring('unlocked');
      return changed(stage, 'rm -rf node_modules/keytar/prebuilds node_modules/keytar/build');
    },
  },
  {
    name: 'keytar crashing',
    inBuild: true,
    cause: 'it crashed: SIGSEGV',
    arrange: async ({ desktop, stage }) => {
      await desktop.keyring('unlocked');
      return changed(stage, fakeKeytar);
    },
  },
];

test('a keychain that works costs no warning', () =>
  inScene(async (scene) => {
    await scene.desktop.keyring('unlocked');
    const { ms, warnings } = await pairOnce(scene);
    took.push(`a keychain that works: ${ms} ms`);
    expect(warnings).toEqual([]);
    expect(await scene.desktop.entries()).toContain('label = tmuxpair/github:octocat\n');
  }));

test.each(
  rows(
    cases.filter(({ inBuild }) => !(inBuild && isStandalone)),
    3,
  ),
)('$name: one warning, 3 s at most, and the guest gets in', ({ name, cause, ...more }) =>
  inScene(async (scene) => {
    const self = await more.arrange(scene);
    const env = more.env?.(scene) ?? scene.env;
    const { ms, warnings } = await pairOnce({ ...scene, env }, self);
    took.push(`${name}: ${ms} ms`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${cannot} (${cause}`);
    expect(warnings[0]).toContain(': keys are remembered in ');
    const compared = 'could not be compared with the keys seen before';
    expect(warnings[0]?.includes(compared)).toBe(more.unchecked === true);
    expectWithin(ms, limit);
    expect([...pinsInFiles(scene.stage).keys()]).toEqual(['github:octocat']);
  }),
);

test('a reason that lasts is told once; the files are what the next pairing compares with', () =>
  inScene(async ({ stage, forge, guest }) => {
    const scene = { stage, guest, env: { GITHUB_API_URL: forge.url } };
    expect((await pairOnce(scene)).warnings).toHaveLength(1);
    expect((await pairOnce(scene)).warnings).toEqual([]);
    forge.users = { octocat: [{ key: (await guest.newIdentity()).publicKey }] };
    expect(await stage.run(['--detach', '@octocat'], { env: scene.env })).toMatchObject({ exitCode: 3 });
  }));

test('what was remembered in files goes into the keychain as soon as there is one', () =>
  inScene(async ({ stage, desktop, forge, env }) => {
    await stage.run(['keys', '@octocat'], { env: { GITHUB_API_URL: forge.url } });
    expect(pinsInFiles(stage).size).toBe(1);
    await desktop.keyring('unlocked');
    const { stdout, stderr } = await stage.run(['keys', '@octocat'], { env });
    expect(stdout).toMatch(/^github:octocat at \S+: known/);
    expect(stderr).toBe('tmuxpair: 1 remembered guest has moved from files into the keychain\n');
    expect(pinsInFiles(stage).size).toBe(0);
    expect(await desktop.entries()).toContain('label = tmuxpair/github:octocat\n');
    // As the README has it for uninstalling; what is gone so is told.
    await desktop.secretTool('clear', 'service', 'tmuxpair');
    expect(await desktop.entries()).toBe('');
    const after = await stage.run(['keys', '@octocat'], { env });
    expect(after.stdout).toMatch(/^github:octocat at \S+: new/);
    expect(after.stderr).toBe(
      'tmuxpair: warning: the keychain is empty, though keys had been remembered there: known guests look new\n',
    );
  }));

test('the keychain process does not outlive the program, whatever ends it, with a call that hangs', () =>
  inScene(async ({ stage, desktop, env }) => {
    (await desktop.keyring('unlocked')).kill('SIGSTOP');
    for (const signal of ['SIGKILL', 'SIGINT', 'SIGHUP'] as const) {
      const window = await stage.pair(['@octocat'], { env });
      const [keychain] = await until(
        () => {
          const found = keychainProcesses(stage);
          return found.length > 0 && found;
        },
        { what: 'the keychain process', interval: 5 },
      );
      const from = performance.now();
      window.signal(signal);
      const gone = () => readProcess(keychain?.pid ?? 0)?.startTime !== keychain?.startTime;
      await until(gone, { what: `the keychain process to go after ${signal}`, timeout: 1000, interval: 5 });
      took.push(`keychain process gone ${(performance.now() - from).toFixed(0)} ms after ${signal}`);
      await window.close();
    }
  }));
