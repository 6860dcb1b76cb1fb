import { expect, test } from 'vitest';
import { makeStage, type Stage } from '../support/fixture.ts';
import { goLive, invited } from '../support/live.ts';
import { programFolder } from '../support/own-tmux.ts';
import type { Terminal } from '../support/terminal.ts';
import { rows } from '../support/whole.ts';

interface Shell {
  readonly name: string;
  readonly start: readonly string[];
  readonly source: string;
  /** What the shell makes 21 of. */
  readonly sum: string;
  /** What clears the line that has been typed so far. */
  readonly clear: string;
}

const shells: readonly Shell[] = [
  {
    name: 'bash',
    start: ['bash', '--norc', '-i'],
    source: 'source <(tmuxpair completion bash)',
    sum: '$((20+1))',
    clear: 'C-u',
  },
  {
    name: 'zsh',
    start: ['zsh', '-f', '-i'],
    source: 'autoload -U compinit; compinit -D; source <(tmuxpair completion zsh)',
    sum: '$((20+1))',
    clear: 'C-u',
  },
  {
    name: 'fish',
    start: ['fish', '-N', '-i'],
    source: 'tmuxpair completion fish | source',
    sum: '(math 20+1)',
    clear: 'C-u',
  },
];

/** A shell with the program on its PATH, and its completion sourced. */
async function open(stage: Stage, { start, source, sum }: Shell): Promise<Terminal> {
  const PATH = `${await programFolder(stage)}:${process.env.PATH}`;
  const terminal = await stage.terminal(start, { env: { PATH, PS1: '$ ', TERM: 'xterm-256color' } });
  await terminal.type(`${source}; echo ${sum}-ready\r`);
  await terminal.waitFor('21-ready', { timeout: 45_000 });
  return terminal;
}

test.each(rows(shells, 1))(
  '$name: commands, options, values, guests of live pairings and of earlier ones',
  async (shell) => {
    await using stage = await makeStage();
    await Promise.all([invited(stage, 'ada'), invited(stage, 'adele'), invited(stage, 'eve')]);
    const live = await goLive(stage, ['ada.pub', 'adele.pub', 'eve.pub']);
    const recorded = { v: 1, at: new Date().toISOString(), pairing: live.id, event: 'invited', guest: 'x' };
    for (const reference of [
      'github:octocat',
      'gitlab:ada@git.example.com',
      'url:https://x/$(touch bad)',
      'github:a;b',
    ])
      await stage.account.demand('tee', ['-a', '.local/state/tmuxpair/log.jsonl'], {
        input: `${JSON.stringify({ ...recorded, reference })}\n`,
      });
    const terminal = await open(stage, shell);
    const line = async (typed: string, wanted: string): Promise<void> => {
      await terminal.type(`${typed}\t`);
      await terminal.waitFor(wanted, { timeout: 45_000 });
      await terminal.sendKeys(shell.clear);
      await terminal.type('clear\r');
      await terminal.waitForNo(wanted);
    };
    await line('tmuxpair ki', 'tmuxpair kick');
    await line('tmuxpair --unatt', 'tmuxpair --unattended');
    await line('tmuxpair -t 1h --gate-e', 'tmuxpair -t 1h --gate-existing-keys');
    await line('tmuxpair kick e', 'tmuxpair kick eve');
    await line('tmuxpair kick ad\t', 'adele');
    await line('tmuxpair kick --js', 'tmuxpair kick --json');
    await line('tmuxpair access eve r\t', 'rw');
    await line('tmuxpair completion f', 'tmuxpair completion fish');
    await line('tmuxpair info ', `tmuxpair info ${live.id}`);
    await line('tmuxpair stop --id ', `tmuxpair stop --id ${live.id}`);
    await line('tmuxpair --door pr', 'tmuxpair --door private');
    await line('tmuxpair @oc', 'tmuxpair @octocat');
    await line('tmuxpair keys gitlab:ada@', 'tmuxpair keys gitlab:ada@git.example.com');
    if (shell.name === 'bash') {
      await terminal.type('COMP_WORDBREAKS=${COMP_WORDBREAKS//[@:]}\r');
      await line('tmuxpair @oc', 'tmuxpair @octocat');
      await line('tmuxpair keys gitlab:ada@', 'tmuxpair keys gitlab:ada@git.example.com');
    }
    await line('tmuxpair invite --authorized-keys ev', 'tmuxpair invite --authorized-keys eve.pub');
    expect((await stage.account.demand('ls', [])).split('\n')).not.toContain('bad');
  },
);

test('names are there soon, and say nothing where there are none', async () => {
  await using stage = await makeStage();
  for (const what of ['guests', 'pairings', 'known'])
    expect(await stage.run(['complete', what])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  expect(await stage.run(['complete', 'secrets'])).toMatchObject({ exitCode: 2 });
  expect(await stage.run(['completion', 'tcsh'])).toMatchObject({ exitCode: 2 });
  const started = performance.now();
  await stage.run(['complete', 'known']);
  const took = performance.now() - started;
  await stage.run(['--version']);
  console.log(
    `names after ${Math.round(took)} ms; the version alone after ${Math.round(performance.now() - started - took)} ms`,
  );
});
