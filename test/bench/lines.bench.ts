import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Guest, Label } from '../../src/domain/guest.ts';
import { grant, revoke } from '../../src/lease/grant.ts';
import { armClock, armLease, createLease, removeLease } from '../../src/lease/lease.ts';
import { uptime } from '../../src/lease/process.ts';
import { line, wire } from '../support/keys/wire.ts';
import { keyOf } from '../support/keys.ts';
import { testRun } from '../support/run.ts';
import { inTurn } from './measure.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(`${testRun().folder}/l`));
  vi.stubEnv('HOME', home);
  for (const name of ['run', '.ssh']) mkdirSync(join(home, name), { mode: 0o700 });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const ada: Guest = {
  reference: { provider: 'github', name: 'ada', text: 'github:ada' },
  label: 'ada' as Label,
  access: 'read-write',
  keys: [keyOf('ada')],
};
const enter = { write: 'exec true', airlock: 'exec true', look: 'exec true' };
const options = { expiry: '20991231235959Z', forward: [], gateExisting: false } as const;
const hour = 3600;

/** Grants and revokes with the program's own code, in a lease that is made and armed beforehand. @returns ms */
async function lease(keyFile: string, before: Buffer): Promise<number> {
  const made = createLease(join(home, 'run'), keyFile, new Date());
  const deadline = { epoch: Math.ceil(Date.now() / 1000) + hour, sinceBoot: Math.ceil(uptime()) + hour };
  armClock(made, deadline, ['true']);
  armLease(made, { caps: { guest: 8, pairing: 64 }, enter }, ['true']);
  let from = performance.now();
  await grant(made, [ada], options);
  const granting = performance.now() - from;
  expect(readFileSync(keyFile).length).toBeGreaterThan(before.length);
  expect(readFileSync(keyFile, 'latin1').startsWith('restrict,pty,')).toBe(true);
  from = performance.now();
  expect(await revoke(keyFile, made.id)).toBe(1);
  const revoking = performance.now() - from;
  expect(readFileSync(keyFile).equals(before)).toBe(true);
  removeLease(made.folder);
  return granting + revoking;
}

/** What nobody can do without who replaces a file and wants it to last. */
function replace(path: string): void {
  const aside = `${path}.aside`;
  const file = openSync(aside, 'wx', 0o600);
  writeFileSync(file, readFileSync(path));
  fsyncSync(file);
  closeSync(file);
  renameSync(aside, path);
}

function twice(path: string): number {
  const from = performance.now();
  replace(path);
  replace(path);
  return performance.now() - from;
}

test.for([10, 10_000, 100_000])('f. authorized_keys, lines: %d', async (lines, { task }) => {
  const keyFile = join(home, '.ssh', 'authorized_keys');
  const key = (at: number) => line('ssh-ed25519', wire('ssh-ed25519', randomBytes(32)), `user${at}@host`);
  const before = Buffer.from(Array.from({ length: lines }, (_, at) => `${key(at)}\n`).join(''));
  writeFileSync(keyFile, before, { mode: 0o600 });
  const floor = 'cp and fsync, twice';
  task.meta.figures = await inTurn(15, [
    { name: floor, run: () => twice(keyFile) },
    { name: 'grant and revoke', floors: [floor], run: () => lease(keyFile, before) },
  ]);
});
