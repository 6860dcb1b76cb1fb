import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startOf } from '../../src/lease/process.ts';
import type { Live } from '../../src/pairing/live.ts';
import { boundBacklogs } from '../../src/pairing/slow-guests.ts';
import { takesOutput, viewersIn } from '../../src/room/backlog.ts';
import type { Room } from '../../src/room/claim.ts';
import type { Client } from '../../src/room/clients.ts';
import { findTmux } from '../../src/room/tmux.ts';
import { type LeaseFolder, makeLeaseFolder } from '../support/lease-folder.ts';
import { allProcesses, descendantsOf, signalProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';

let lease: LeaseFolder;
const children: ChildProcess[] = [];
beforeEach(() => {
  lease = makeLeaseFolder();
});
afterEach(() => {
  for (const child of children.splice(0)) {
    for (const one of descendantsOf(child.pid ?? 0)) signalProcess(one, 'SIGKILL');
    child.kill('SIGKILL');
  }
  lease.remove();
});

/** A program on a terminal of its own, whose output is read only if asked for. */
async function onTerminal(command: string): Promise<{ pid: number; tty: string; read: () => void }> {
  const child = spawn('script', ['-qfc', `exec ${command}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color' },
  });
  children.push(child);
  const inside = () =>
    descendantsOf(child.pid ?? 0).find(({ cmd }) => command.startsWith(cmd.split(' ')[0] ?? '?'));
  const { pid } = await until(inside, { what: 'the program on its terminal' });
  return { pid, tty: readlinkSync(`/proc/${pid}/fd/0`), read: () => void child.stdout?.resume() };
}

/** Writes until nothing more is taken, here or in any pipe on the way. */
async function fill(tty: string): Promise<void> {
  const fd = openSync(tty, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  let full = 0;
  const isFull = () => {
    try {
      for (;;) full = writeSync(fd, 'x'.repeat(100)) > 0 ? 0 : full;
    } catch {
      return ++full > 5;
    }
  };
  await until(isFull, { what: 'the terminal to be full', interval: 20 });
  closeSync(fd);
}

test('S14: a guest whose terminal takes nothing is ended at a bound, and nobody else is', async () => {
  const [deaf, slow, quick, host] = await Promise.all([1, 2, 3, 4].map(() => onTerminal('sleep 1000')));
  if (!deaf || !slow || !quick || !host) throw new Error('four terminals');
  quick.read();
  for (const { tty } of [deaf, slow, host]) await fill(tty);
  const sshd = `${process.pid},${startOf(process.pid)}`;
  for (const { pid } of [deaf, slow, quick])
    writeFileSync(join(lease.dir, 'in', `ssh,ada,1,${sshd},${pid},${startOf(pid)},::1`), '');
  const live = { lease: { folder: lease.dir } } as Live;
  const bound = boundBacklogs(live, { tmux: '/bin/false', socket: '/nonexistent' } as Room);
  const isThere = ({ pid }: { pid: number }) => allProcesses().some((one) => one.pid === pid);

  /** What reads it may have to wait for a busy machine: a few in a row, since one page may be all that there is room for. */
  const isRead = async ({ tty }: { tty: string }): Promise<boolean> => {
    for (let page = 0; page < 4; page++) if (!(await takesOutput(tty))) return false;
    return true;
  };
  const report = async (written: number): Promise<void> => {
    await until(() => isRead(quick), { what: 'the terminal that is read to be empty' });
    const base = { name: '', activity: 0, columns: 80, rows: 24, suspended: false, written };
    const clients: Client[] = [deaf, slow, quick, host].map(({ pid, tty }) => ({
      ...base,
      ...{ pid, tty, discarded: pid === slow.pid ? written / 2 : 0 },
    }));
    await bound(clients);
  };
  for (let written = 0; written <= 20e6; written += 5e6) await report(written);
  expect([deaf, slow, quick, host].map(isThere)).toEqual([true, true, true, true]);
  for (let written = 25e6; written <= 60e6; written += 5e6) await report(written);
  await until(() => !isThere(deaf), { what: 'the deaf one to be ended' });
  expect([slow, quick, host].map(isThere)).toEqual([true, true, true]);
});

test('S14: viewers are known by their own terminals, not by what looks into the room for them', async () => {
  const tmux = findTmux(process.env);
  const socket = join(lease.dir, 'air', '1');
  const { pid, tty, read } = await onTerminal(`${tmux} -u -f /dev/null -S ${socket} new-session -s look`);
  const viewers = () =>
    viewersIn(tmux, join(lease.dir, 'air')).then((all) => (all.length > 0 ? all : undefined));
  try {
    expect(await until(viewers, { what: 'the viewer' })).toEqual([
      { pid, tty, written: expect.any(Number), discarded: 0 },
    ]);
    read();
    await until(() => takesOutput(tty), { what: 'a terminal that is read to take output' });
  } finally {
    spawn(tmux, ['-S', socket, 'kill-server'], { stdio: 'ignore' });
    await until(async () => (await viewers()) === undefined, { what: 'the end of the server' });
  }
});
