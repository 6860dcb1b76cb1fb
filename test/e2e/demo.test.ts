import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeAccount } from '../support/account.ts';
import { isGood } from '../support/devpts.ts';
import { allProcesses } from '../support/processes.ts';
import { isRoot } from '../support/run.ts';
import { openTerminal } from '../support/terminal.ts';
import { rows } from '../support/whole.ts';

const demo = [process.execPath, new URL('../../scripts/demo.mjs', import.meta.url).pathname] as const;

/** What it would leave: a folder, and processes that have it in their command line. */
function left(within: string): string[] {
  const names = readdirSync(within).filter((name) => name.startsWith('tpdemo-'));
  return [...names, ...allProcesses().flatMap(({ cmd }) => (cmd.includes(`${within}/tpdemo-`) ? [cmd] : []))];
}

// The demo's own sshd makes terminals; where /dev/pts won't have that of a plain user, doctor.test.ts has the rest.
test.runIf(isRoot() || isGood()).each(
  rows(
    [
      ['without a terminal: a transcript', false],
      ['on a terminal: both sides next to each other', true],
    ],
    1,
  ),
)('the demo, %s, and nothing is left of it', async (_, terminal) => {
  await using account = await makeAccount({ kind: 'home' });
  const env = { TMPDIR: account.scratch, ...(terminal ? {} : { TERM: 'dumb' }) };
  if (terminal) {
    await using screen = await openTerminal(account, demo, { columns: 160, rows: 40, env });
    await screen.waitFor(/^hello from octocat +│.*hello from octocat/m, { timeout: 25_000 });
    expect(await screen.exitStatus({ timeout: 30_000 })).toBe(0);
    expect(await screen.transcript()).toContain('nobody gets in, and nothing of yours was touched');
  } else {
    const [file, ...args] = demo;
    const { exitCode, stdout } = await account.exec(file, args, { env });
    expect(stdout).toMatch(/^you +\| hello from octocat$/m);
    expect(stdout).toMatch(/^you +\| you detached: access is revoked/m);
    expect(stdout).toMatch(/^octocat +\| .*Permission denied[\s\S]*^octocat +\| .*Connection refused/m);
    expect(exitCode).toBe(0);
  }
  expect(left(account.scratch)).toEqual([]);
});
