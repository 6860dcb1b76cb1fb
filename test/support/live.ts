import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Stage } from './fixture.ts';
import type { Guest } from './guest.ts';
import { allProcesses, type Process, readProcess, signalProcess } from './processes.ts';
import type { Terminal, TerminalOptions } from './terminal.ts';
import { until } from './wait.ts';

/** A pairing that runs: the host is in its room. */
export interface Live {
  readonly host: Terminal;
  readonly supervisor: Process;
  /** The lease's folder. */
  readonly folder: string;
  readonly id: string;
  /** The room's tmux socket. */
  readonly socket: string;
  /** The dead man's switch, as it is now. */
  readonly deadMan: () => Process | undefined;
  /** What watches from inside the room: it is started a second after the room. */
  readonly clock: () => Promise<Process>;
  /** The room's tmux server. */
  readonly server: () => Process | undefined;
  /** Runs a tmux command in the room, as the host; never starts a server. */
  readonly room: (...command: string[]) => ReturnType<Stage['account']['exec']>;
}

/** A guest whose key is in `~/NAME.pub` of the host's. */
export async function invited(stage: Stage, name: string): Promise<Guest> {
  const guest = await stage.guest();
  await stage.writeFile(`${name}.pub`, `${guest.identity.publicKey}\n`, 0o644);
  return guest;
}

/** Starts a pairing and waits until the host is in the room. */
export async function goLive(
  stage: Stage,
  args: readonly string[],
  options?: TerminalOptions,
): Promise<Live> {
  const host = await stage.pair(args, options);
  return liveOf(stage, host, host.pid);
}

/** What {@link goLive} gives, for a program that was started in another way in `host`. */
export async function liveOf(stage: Stage, host: Terminal, pid: number): Promise<Live> {
  const supervisor = await until(() => readProcess(pid), { what: 'the supervisor to start' });
  const folder = await until(() => leases(stage).find((path) => supervisorOf(path) === pid), {
    what: 'the lease of the pairing',
    timeout: 45_000,
  });
  const id = basename(folder);
  const rooms = `${runDirectory(stage)}/rooms`;
  const name = await until(() => namesIn(rooms).find((room) => claimOf(`${rooms}/${room}`) === id), {
    what: 'the room of the pairing',
  });
  const socket = `${rooms}/${name}/tmux`;
  const room = (...command: string[]) => stage.account.exec('tmux', ['-N', '-S', socket, ...command]);
  const inside = async () => {
    // The program's own control client is there sooner, also for a host who is elsewhere.
    const { stdout } = await room('list-clients', '-F', '#{client_control_mode} #{client_pid}');
    const clients = stdout.split('\n').filter((client) => client.startsWith('0 '));
    return clients.some((client) => readProcess(Number(client.slice(2)))?.ppid === pid);
  };
  await until(inside, { what: 'the host to be in the room', timeout: 45_000 });
  const mine = (test: (one: Process) => boolean) =>
    allProcesses().find((one) => one.uid === supervisor.uid && test(one));
  return {
    host,
    supervisor,
    folder,
    id,
    socket,
    deadMan: () => mine(({ ppid, cmd }) => ppid === pid && cmd.endsWith(`${folder}/switch`)),
    clock: () => until(() => mine(({ cmd }) => cmd === `/bin/sh ${folder}/clock`), { what: 'the clock' }),
    server: () => mine(({ ppid, cmd }) => ppid === 1 && cmd.includes(`-S ${socket} new-session`)),
    room,
  };
}

export function runDirectory({ account }: Stage): string {
  const runtime = account.env.XDG_RUNTIME_DIR;
  return runtime === undefined ? `${account.home}/.local/state/tmuxpair/run` : `${runtime}/tmuxpair`;
}

/** The folders of all leases, by path. */
export function leases(stage: Stage): string[] {
  return namesIn(runDirectory(stage))
    .filter((name) => /^[a-z2-7]{12}$/.test(name))
    .map((name) => `${runDirectory(stage)}/${name}`);
}

/**
 * Everything of ours that still stands on disk: leases and what they were made or removed from, claims of
 * rooms, and what stands beside `authorized_keys`. A room's folder and socket are the host's.
 */
export function litter(stage: Stage): string[] {
  const root = runDirectory(stage);
  const claims = namesIn(`${root}/rooms`).filter((name) =>
    namesIn(`${root}/rooms/${name}`).includes('lease'),
  );
  const beside = namesIn(`${stage.account.home}/.ssh`).filter((name) => name.includes('tmuxpair'));
  return [
    ...namesIn(root).filter((name) => name !== 'rooms'),
    ...claims.map((name) => `rooms/${name}`),
    ...beside,
  ];
}

/** What runs as the host besides rooms, what runs in them, and the harness's terminals. */
export function remains(stage: Stage): Process[] {
  const all = stage.processes();
  const terminals = all.filter(({ cmd }) => cmd.startsWith(`tmux -S ${stage.account.scratch}/t`));
  const rooms = all.filter(({ ppid, cmd }) => ppid === 1 && /\/rooms\/[^ ]+\/tmux new-session/.test(cmd));
  const below = (parent: number): number[] =>
    all.filter(({ ppid }) => ppid === parent).flatMap(({ pid }) => [pid, ...below(pid)]);
  const within = rooms.flatMap(({ pid }) => [pid, ...below(pid)]);
  const expected = new Set([...terminals.map(({ pid }) => pid), ...within]);
  return all.filter(({ pid }) => !expected.has(pid));
}

/** Waits until nothing of ours is left, on disk or running, the room aside. */
export async function expectNothingLeft(stage: Stage, timeout = 30_000): Promise<void> {
  const left = () => [...litter(stage), ...remains(stage).map(({ pid, cmd }) => `${pid} ${cmd}`)];
  await until(() => left().length === 0, { what: 'nothing to be left', timeout }).catch(() => {
    throw new Error(`left of the pairing:\n${left().join('\n')}`);
  });
}

/**
 * The processes of guests on the host's machine: connections, clients in the room, airlocks. The program's own control
 * client is none of them: it stays for a second after the supervisor's death, to bound what guests do meanwhile.
 */
export function guestProcesses(stage: Stage): Process[] {
  return stage
    .processes()
    .filter(({ cmd }) => /^sshd(-session)?: |\/gate |(?<! -C) attach-session -E |\/air\/\d+ /.test(cmd));
}

/**
 * Waits until each of these very processes has ended, looking every millisecond.
 * @returns milliseconds since `since`, a `performance.now()`
 * @throws Error with those that are left after `timeout` milliseconds
 */
export async function allGone(
  processes: readonly Process[],
  since: number,
  timeout = 10_000,
): Promise<number> {
  let left = processes;
  const look = () => {
    left = left.filter(({ pid, startTime }) => readProcess(pid)?.startTime === startTime);
    return left.length === 0;
  };
  await until(look, { what: 'processes to end', timeout, interval: 1 }).catch(() => {
    throw new Error(`still there after ${timeout} ms:\n${left.map(({ cmd }) => cmd).join('\n')}`);
  });
  return performance.now() - since;
}

/** SIGKILL to these very processes. @returns `performance.now()` of the first */
export function kill(...processes: readonly (Process | undefined)[]): number {
  const at = performance.now();
  for (const one of processes) if (one) signalProcess(one, 'SIGKILL');
  return at;
}

/** Changes how a guest comes in: the flag that the gate reads. */
export function letIn({ folder }: Live, label: string, access: 'read-write' | 'read-only'): void {
  writeFileSync(`${folder}/open/${label}`, `${access}\n`);
}

function supervisorOf(folder: string): number | undefined {
  try {
    return JSON.parse(readFileSync(`${folder}/record.json`, 'utf8')).supervisor.pid;
  } catch {
    return undefined;
  }
}

function claimOf(room: string): string | undefined {
  try {
    return readlinkSync(`${room}/lease`);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
