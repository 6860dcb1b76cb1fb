import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeAccount } from '../support/account.ts';
import { testRun } from '../support/run.ts';
import { inTurn } from './measure.ts';
import { builds } from './programs.ts';
import { wholeProcess } from './whole-process.ts';

const python = '/usr/bin/python3';

test('a. start: whole processes', async ({ task }) => {
  await using account = await makeAccount();
  const whole = (file: string, ...args: string[]) => ({ run: () => wholeProcess(account, file, args) });
  const floors = [
    { name: 'node -e 0', ...whole(testRun().node, '-e', '0') },
    { name: 'tmux -V', ...whole('tmux', '-V') },
    ...(existsSync(python) ? [{ name: 'python3 -c 0', ...whole(python, '-c', '0') }] : []),
  ];
  const contenders = [];
  for (const { name, file, args } of await builds()) {
    const before = name === 'npm build' ? ['node -e 0'] : floors.map((floor) => floor.name);
    for (const option of ['--version', '-h']) {
      expect((await account.demand(file, [...args, option])).length).toBeGreaterThan(4);
      contenders.push({ name: `${name} ${option}`, floors: before, ...whole(file, ...args, option) });
    }
  }
  task.meta.figures = await inTurn(20, [...floors, ...contenders]);
});
