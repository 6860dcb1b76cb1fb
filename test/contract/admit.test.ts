import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Label } from '../../src/domain/guest.ts';
import { setDeadline } from '../../src/lease/deadline-file.ts';
import { openAdmit } from '../../src/lease/gate.ts';
import {
  armClock,
  armLease,
  createLease,
  inOwnFile,
  type Lease,
  sever,
  shutGate,
} from '../../src/lease/lease.ts';
import { forgetGroup, nameConnection } from '../../src/lease/presence.ts';
import { uptime } from '../../src/lease/process.ts';

const gate = { caps: { guest: 1, pairing: 1 }, enter: { write: ':', airlock: ':', look: ':' } };
const inAnHour = { epoch: Math.ceil(Date.now() / 1000) + 3600, sinceBoot: Math.ceil(uptime()) + 3600 };

let root: string;
let lease: Lease;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'admit-'));
  lease = inOwnFile(createLease(root, `${root}/keys`, new Date()));
  armClock(lease, inAnHour, ['true']);
  armLease(lease, gate, ['true']);
  openAdmit(lease);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs a program by `admit`, which is to write down what is registered by then. Says whether it ran. */
function admit(): boolean {
  const seen = join(root, 'seen');
  try {
    execFileSync('setsid', [
      '-w',
      lease.admit,
      'con',
      'sh',
      '-c',
      `ls ${lease.folder}/in >${seen}; echo $$ >>${seen}`,
    ]);
  } catch {
    return false;
  }
  return existsSync(seen);
}

test('what is admitted runs as the leader that is registered already', () => {
  expect(admit()).toBe(true);
  const [record = '', pid = ''] = readFileSync(join(root, 'seen'), 'utf8').split('\n');
  expect(record).toMatch(new RegExp(`^con,,,${pid},(\\d+),${pid},\\1,$`));
  nameConnection(lease.folder, Number(pid), 'ada' as Label);
  expect(readdirSync(join(lease.folder, 'in'))).toEqual([record.replace('con,,', 'con,ada,')]);
  forgetGroup(lease.folder, Number(pid));
  expect(readdirSync(join(lease.folder, 'in'))).toEqual([]);
});

const refusals: Readonly<Record<string, () => unknown>> = {
  'the gate shut for all': () => shutGate(lease.folder),
  'a sever that has just run': () => sever(lease.folder),
  'time up': () => setDeadline(lease, { epoch: 1, sinceBoot: 1 }),
  'no lease any more': () => rmSync(join(lease.folder, 'in'), { recursive: true }),
  'a dead supervisor': () => {
    const text = readFileSync(lease.admit, 'latin1');
    const mine = new RegExp(`started ${process.pid} && \\[ "\\$start" = '\\d+' \\]`);
    expect(text).toMatch(mine);
    writeFileSync(lease.admit, text.replace(mine, `started ${process.pid} && [ "$start" = '1' ]`));
  },
};

test.each(Object.entries(refusals))(
  '%s: nobody is admitted, and nothing is left registered',
  async (_, shut) => {
    await shut();
    expect(admit()).toBe(false);
    if (existsSync(join(lease.folder, 'in'))) expect(readdirSync(join(lease.folder, 'in'))).toEqual([]);
  },
);
