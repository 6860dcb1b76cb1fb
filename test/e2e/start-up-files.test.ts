import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { keyFileOf } from '../support/pairing.ts';
import { forPrivateDoor, invite } from '../support/private-door.ts';
import { variableOf } from '../support/processes.ts';
import { until } from '../support/wait.ts';

/** Each has the terminal, and with it the guest, until somebody types. */
const startUp = [
  ['bash', '.bashrc', 'exec zsh -f -i'],
  ['zsh', '.zshenv', 'exec bash --norc'],
  ['fish', '.config/fish/config.fish', 'exec bash --norc'],
  ['tcsh', '.tcshrc', 'exec bash --norc'],
  ['mksh', '.mkshrc', 'exec bash --norc'],
  ['dash', '.profile', 'exec bash --norc'],
] as const;

test.each(startUp)(
  'W2 T1: %s: a private sshd runs no start-up file of the user, and HOME is right inside',
  async (shell, file, text) => {
    await using stage = await makeStage({ account: { ...forPrivateDoor.account, shell: `/bin/${shell}` } });
    const { home, demand } = stage.account;
    // The host's own shell, in the session, is to read them.
    const inSsh = 'env | grep -q ^SSH_CONNECTION=';
    await stage.writeFile(file, `${inSsh} && touch ${home}/ran\n${inSsh} && ${text}\n`);
    // A terminal type that this account alone knows.
    await demand('sh', [
      '-c',
      'infocmp xterm | sed "s/^xterm[^,]*,/mine|my own,/" >mine && tic -o .terminfo mine',
    ]);
    const guest = await stage.guest();
    const keyFile = await keyFileOf(stage, guest);
    const { host, destination } = await invite(stage, ['--door', 'private', '--read-only', keyFile]);
    const there = guest.as({ destination });
    const clients = () => stage.processes().filter(({ cmd }) => / attach-session -E -r /.test(cmd));
    const seat = await there.join({ options: ['-o', 'SetEnv=TERM=mine'] });
    await seat.waitFor('view only');
    const [client] = await until(() => (clients().length > 0 ? clients() : undefined), {
      what: 'their client',
    });
    expect(variableOf(client?.pid ?? 0, 'HOME')).toBe(home);
    for (const name of ['ZDOTDIR', 'XDG_CONFIG_HOME'])
      expect(variableOf(client?.pid ?? 0, name)).toBe(undefined);
    const airlock = stage.processes().find(({ cmd }) => /\/air\/\d+ /.test(cmd));
    expect(variableOf(airlock?.pid ?? 0, 'TERM')).toBe('mine');

    // A channel without a terminal, and one with a command: another way for a start-up file to go.
    expect(await there.run(['-T'])).toMatchObject({ stderr: expect.stringContaining('only a terminal') });
    expect(await there.run([], ['id'])).toMatchObject({ stdout: '' });
    expect(existsSync(`${home}/ran`)).toBe(false);
    await host.sendKeys('C-b', 'd');
    await host.exitStatus();
  },
);
