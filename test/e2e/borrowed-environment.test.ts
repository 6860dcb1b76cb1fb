import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeAccount } from '../support/account.ts';
import { makeStage } from '../support/fixture.ts';
import { theOne } from '../support/listed.ts';
import { expectNothingLeft } from '../support/live.ts';
import { keyFileOf, leaseLines } from '../support/pairing.ts';
import { isRoot } from '../support/run.ts';
import { isWhole } from '../support/whole.ts';

test.runIf(isRoot() && isWhole())(
  'M1: HOME and its like of another account, empty, relative or gone: everything is where it belongs',
  async () => {
    await using other = await makeAccount();
    await using stage = await makeStage({ keys: '# mine\n' });
    const { account, sshd } = stage;
    await other.demand('sh', [
      '-c',
      'mkdir .config .cache .local; chmod 755 . .config .cache; chmod 700 .local',
    ]);
    await other.demand('sh', ['-c', "echo 'set -g @theirs yes' >.tmux.conf"]);
    const here = await account.demand('mktemp', ['-d', `${account.scratch}/XXXXXX`]);
    const path = await keyFileOf(stage, await stage.guest());
    const theirs = {
      XDG_STATE_HOME: `${other.home}/.local/state`,
      XDG_CACHE_HOME: `${other.home}/.cache`,
      XDG_CONFIG_HOME: `${other.home}/.config`,
      XDG_RUNTIME_DIR: `${other.scratch}/run`,
    };
    const environments = {
      'of another account': { HOME: other.home, ...theirs },
      'of root, who lets nobody in': { HOME: '/root', XDG_STATE_HOME: '/root/.local/state' },
      empty: { HOME: '', XDG_STATE_HOME: '', XDG_CACHE_HOME: '' },
      relative: { HOME: '.', XDG_STATE_HOME: 'state', XDG_CACHE_HOME: 'cache' },
      gone: { HOME: '/nowhere/at/all' },
    };
    for (const [name, env] of Object.entries(environments)) {
      for (const door of [
        ['--port', String(sshd.port)],
        ['--door', 'private', '--bind', '127.0.0.1'],
      ]) {
        const at = { env: { ...env }, cwd: here.trim() };
        const started = await stage.run(['--unattended', '-d', '--ttl', '5m', ...door, path], at);
        expect({
          name,
          door,
          stderr: started.stderr.replace(/^tmuxpair: warning: your guest probably.*\n/, ''),
          exitCode: started.exitCode,
        }).toEqual({
          name,
          door,
          stderr: '',
          exitCode: 0,
        });
        expect(leaseLines(stage)).toHaveLength(door.includes('private') ? 0 : 1);
        const { socket } = await theOne(stage);
        const inside = await account.demand('tmux', ['-N', '-S', socket, 'show-environment', '-g', 'HOME']);
        expect({ name, inside: inside.trim() }).toEqual({ name, inside: `HOME=${account.home}` });
        expect((await account.demand('tmux', ['-N', '-S', socket, 'show', '-gqv', '@theirs'])).trim()).toBe(
          '',
        );
        expect((await stage.run(['stop'], at)).exitCode).toBe(0);
        await account.exec('tmux', ['-N', '-S', socket, 'kill-server']);
        expect(readdirSync(here.trim())).toEqual([]);
      }
    }
    expect(existsSync(`${account.home}/.local/state/tmuxpair/door/host_ed25519`)).toBe(true);
    expect((await other.demand('find', ['.', '-name', '*tmuxpair*'])).trim()).toBe('');
    await expectNothingLeft(stage);
  },
);
