import { expect, test } from 'vitest';
import { makeStage } from '../support/fixture.ts';
import { goLive, invited } from '../support/live.ts';

interface StatusLine {
  readonly name: string;
  readonly configuration: string;
  /** What the host's screen shows while nothing is announced. */
  readonly quiet: RegExp;
}

const left = '\\[pairing (4h0m|3h59m): NAME\\]';

const statusLines: readonly StatusLine[] = [
  { name: 'usual', configuration: '', quiet: line(`${left} "`) },
  { name: 'off', configuration: 'set -g status off', quiet: /^(?!.*pairing)/s },
  {
    name: 'two',
    configuration: "set -g status 2\nset -g 'status-format[1]' 'SECOND #{session_name}'",
    quiet: line(`${left}.*\nSECOND two$`),
  },
  {
    name: 'top',
    configuration: "set -g status-position top\nset -g status-right 'MINE, #(echo sh) %%'",
    quiet: line(`^\\[top\\].*${left} MINE, sh %\n`),
  },
  {
    name: 'own',
    configuration: "set -g 'status-format[0]' 'OWN, #{session_name} #(echo sh)'",
    quiet: line(`^OWN, own sh +${left}$`),
  },
];

function line(pattern: string): RegExp {
  return new RegExp(pattern, 'm');
}

test("time left, who is in and what happens, in whatever status line the host's configuration makes", async () => {
  await using stage = await makeStage();
  const all = [];
  for (const { name, configuration, quiet } of statusLines) {
    await stage.writeFile('.tmux.conf', `${configuration}\n`);
    const guest = await invited(stage, name);
    const { host } = await goLive(stage, ['-s', name, `${name}.pub`]);
    all.push({ name, guest, host, quiet: new RegExp(quiet.source.replace('NAME', name), quiet.flags) });
  }
  await Promise.all(
    all.map(async ({ name, guest, host, quiet }) => {
      await guest.join();
      const told = `${name} has joined from 127.0.0.1, may type, ${guest.identity.fingerprint}`;
      await host.waitFor(told);
      await host.waitForNo(told);
      expect(await host.waitFor(quiet), name).not.toContain('#');
    }),
  );
});
