import { expect, test } from 'vitest';
import { behind, isConnection } from '../../src/lease/behind.ts';
import { rowOfStat, rowsOfPs, startTicks, type TableRow } from '../../src/lease/process-row.ts';
import { processTable } from '../../src/lease/process-table.ts';

const row = (pid: number, ppid: number, group: number, command: string, start = '100'): TableRow => ({
  pid,
  ppid,
  group,
  session: group,
  command,
  start,
});
/** A connection whose leader is 10: its monitor and the sshd of its guest. Another, 90, has a gate. */
const sshd = [
  row(10, 1, 10, 'sshd'),
  row(11, 10, 10, 'sshd-session'),
  row(90, 1, 90, 'sshd'),
  row(91, 90, 91, 'tmux'),
];
const gate = (parent: number, pid: number, start = '100') => ({ parent, pid, start });
const pids = (rows: readonly TableRow[]): number[] => rows.map(({ pid }) => pid);

test('a connection without a session has not registered, and there is nothing to be ended', () => {
  const found = behind(sshd, [gate(90, 91)], 10, 1000);
  expect(found).toEqual({ registered: false, strangers: [], isComing: false });
});

test('a gate is no stranger, and neither is what it has become', () => {
  const table = [...sshd, row(20, 11, 20, 'tmux: client'), row(21, 20, 20, 'x')];
  expect(behind(table, [gate(11, 20)], 10, 1000)).toEqual({
    registered: true,
    strangers: [],
    isComing: false,
  });
});

test('a gate that has gone has registered, and does not vouch for what comes next', () => {
  const table = [...sshd, row(20, 11, 20, 'zsh', '200')];
  const found = behind(table, [gate(11, 19), gate(11, 20, '100')], 10, 1000);
  expect(found.registered).toBe(true);
  expect(pids(found.strangers)).toEqual([20]);
});

test('a shell that stays is a stranger with all that it has started, in its session or not', () => {
  const table = [
    ...sshd,
    row(20, 11, 20, 'bash'),
    row(21, 20, 21, 'zsh'),
    { ...row(22, 1, 22, 'nohup'), session: 20 },
    row(23, 21, 23, 'vi'),
    row(30, 1, 30, 'bash'),
  ];
  const found = behind(table, [gate(90, 91)], 10, 1000);
  expect(pids(found.strangers).sort()).toEqual([20, 21, 22, 23]);
  expect(found.registered).toBe(false);
});

test('a shell that has just started may still come', () => {
  const found = behind([...sshd, row(20, 11, 20, 'bash', '1001')], [], 10, 1000);
  expect(found).toEqual({ registered: false, strangers: [], isComing: true });
});

test('a row is read from /proc whatever a program calls itself, and from ps', () => {
  const rest = '7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 1000';
  expect(rowOfStat(`42 (a) R (b) S ${rest}`)).toEqual({
    pid: 42,
    ppid: 7,
    group: 8,
    session: 9,
    command: 'a) R (b',
    start: '4711',
  });
  expect(rowOfStat(`42 (a) Z ${rest}`)).toBeUndefined();
  expect(rowOfStat('')).toBeUndefined();
  expect(
    rowsOfPs(
      '    1     0     1 Ss   Sun Nov  1 09:05:00 2026     /sbin/launchd\n   42     7     8 S+   Mon Nov 30 19:05:01 2026     sshd: /usr/sbin/sshd -D\n   43 7 8 Z Mon Nov 30 19:05:01 2026 (x)\n',
    ),
  ).toEqual([
    { pid: 1, ppid: 0, group: 1, session: 1, command: 'launchd', start: 'Sun_Nov_1_09:05:00_2026' },
    {
      pid: 42,
      ppid: 7,
      group: 8,
      session: 8,
      command: 'sshd: /usr/sbin/sshd -D',
      start: 'Mon_Nov_30_19:05:01_2026',
    },
  ]);
});

test('when a process started is told in ticks, whatever the system tells it by', () => {
  expect(startTicks({ start: '4711' })).toBe(4711);
  expect(startTicks({ start: 'Thu_Jan_1_00:00:09_1970' })).toBe(900);
});

test('this process is in the table', () => {
  expect(processTable()).toContainEqual(expect.objectContaining({ pid: process.pid, ppid: process.ppid }));
});

test.each([
  ['sshd: ada@pts/0', true],
  ['sshd-session: ada@notty', true],
  ['sshd: root [priv]', true],
  ['sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', false],
  ['/usr/sbin/sshd\0-D\0', false],
  ['bash', false],
])('W2: whether %s is the sshd of a connection, behind which something may be ended', (title, is) => {
  expect(isConnection(title)).toBe(is);
});
