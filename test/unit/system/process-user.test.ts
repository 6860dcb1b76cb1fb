import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { userOf } from '../../../src/system/process-user.ts';
import { until } from '../../support/wait.ts';

const isLinux = process.platform === 'linux';

test.runIf(isLinux)('whose a process is, and that one that has ended is nobody’s', () => {
  expect(userOf(process.pid)).toBe(process.getuid?.());
  expect(userOf(2 ** 30)).toBeUndefined();
});

test.runIf(isLinux && process.getuid?.() === 0)(
  'W1: a program that runs as root, and that somebody else has started, is not root’s',
  async () => {
    const child = spawn('setpriv', ['--ruid', '65534', 'sleep', '60'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    try {
      const said = () => readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      await until(() => said().startsWith('sleep'), { what: 'the program' });
      expect(userOf(pid)).toBeUndefined();
    } finally {
      child.kill('SIGKILL');
    }
  },
);
