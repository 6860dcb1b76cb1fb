import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namesFor } from '../../../src/control/known.ts';
import { inLease } from '../../../src/domain/lease-folder.ts';
import { createLease } from '../../../src/lease/lease.ts';
import { openRunDirectory } from '../../../src/lease/run-directory.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tp-known-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a pairing that is live is offered by its id, with its guests; a trial login beside it is not', async () => {
  const env = { XDG_RUNTIME_DIR: folder, XDG_STATE_HOME: folder };
  const root = openRunDirectory(env);
  const [live, trial] = [1, 2].map(() => createLease(root, join(folder, 'keys'), new Date()));
  if (!live || !trial) throw new Error('two leases');
  writeFileSync(inLease(live.folder, 'control'), '');
  writeFileSync(inLease(live.folder, 'open', 'ada'), 'read-write\n');
  writeFileSync(inLease(trial.folder, 'open', 'tmuxpair-trial'), 'read-write\n');
  expect(await namesFor('pairings', env)).toEqual([live.id]);
  expect(await namesFor('guests', env)).toEqual(['ada']);
});
