import { expect, test } from 'vitest';
import { startDesktop } from '../support/desktop.ts';
import { makeStage } from '../support/fixture.ts';
import { startForge } from '../support/forge/start.ts';
import { ed25519Line } from '../support/keys/wire.ts';
import { invited } from '../support/live.ts';
import { makeNetworks } from '../support/network.ts';
import { isRoot, testRun } from '../support/run.ts';
import { inviting } from './inviting.ts';
import { inTurn } from './measure.ts';
import { type Build, builds } from './programs.ts';
import { wholeProcess } from './whole-process.ts';

const floors = ['node -e 0', 'sh: tmux and a line'];

test('b. live: from exec until the keys are in the file and the session answers', async ({ task }) => {
  await using stage = await makeStage({ keys: `${ed25519Line('me@desk')}\n` });
  await using desktop = await startDesktop(stage.account);
  await desktop.keyring('unlocked');
  const guest = await invited(stage, 'octocat');
  const users = { octocat: [{ key: guest.identity.publicKey }] };
  await using forge = await startForge({ kind: 'github', users });
  const env = { ...desktop.env, GITHUB_API_URL: forge.url };
  const invite = inviting(stage, guest.identity.publicKey, env);

  /** The forge is asked once each time. The warm-up leaves the pin in the keychain. */
  const named = (build: Build, delayMs: number) => async () => {
    forge.delayMs = delayMs;
    const before = forge.requests.length;
    const took = await invite.byProgram(build, '@octocat');
    expect(forge.requests).toHaveLength(before + 1);
    expect(await desktop.entries()).toContain('github:octocat');
    return took;
  };
  task.meta.figures = await inTurn(12, [
    { name: 'node -e 0', run: () => wholeProcess(stage.account, testRun().node, ['-e', '0']) },
    { name: 'sh: tmux and a line', run: invite.byShell },
    ...(await builds()).flatMap((build) => [
      { name: `${build.name}, key file`, floors, run: () => invite.byProgram(build, 'octocat.pub') },
      { name: `${build.name}, @octocat, at once`, floors, run: named(build, 0) },
      { name: `${build.name}, @octocat, after 100 ms`, floors, run: named(build, 100), given: 100 },
    ]),
  ]);
});

/** What it takes not to name the port: from the second pairing on, all that is to be known of the sshd is remembered. */
test.runIf(isRoot())('b. live by default: with an sshd on port 22, against --port 22', async ({ task }) => {
  await using networks = await makeNetworks();
  await using stage = await makeStage({
    account: { network: networks.host },
    sshd: { network: { name: networks.host, address: '0.0.0.0' }, config: ['Port 22'] },
    keys: `${ed25519Line('me@desk')}\n`,
  });
  const guest = await invited(stage, 'octocat');
  const invite = inviting(stage, guest.identity.publicKey, {});
  task.meta.figures = await inTurn(
    12,
    (await builds()).flatMap((build) => {
      const named = `${build.name}, --port 22`;
      const run = (door: readonly string[]) => invite.byProgram(build, 'octocat.pub', door);
      return [
        { name: named, run: () => run(['--port', '22']) },
        { name: `${build.name}, by default`, floors: [named], run: () => run([]) },
      ];
    }),
  );
});
