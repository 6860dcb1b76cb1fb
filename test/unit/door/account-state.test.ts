import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { accountState } from '../../../src/door/account-state.ts';

test('the state of this account is alike from one question to the next, or changes with the file alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tp-state-'));
  try {
    const env = { XDG_CACHE_HOME: folder, HOME: folder };
    const first = await accountState(env);
    expect(await accountState(env)).toBe(first);
    // Only what was asked for is kept: that of an account without a password is the file's own.
    const isAsked = first !== '' && !first.startsWith('[');
    expect(readdirSync(folder).length > 0).toBe(isAsked);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
