import { readFileSync, symlinkSync } from 'node:fs';
import type { Stage } from './fixture.ts';
import type { Guest } from './guest.ts';
import type { Identity } from './identity.ts';
import { runDirectory } from './live.ts';
import { descendantsOf, type Process, readProcess } from './processes.ts';
import type { Terminal, TerminalOptions } from './terminal.ts';

// Where tests of a pairing's story look for them, too.
export { expectNothingLeft, leases as leaseFolders } from './live.ts';

/** Writes the public keys of guests as `~/NAME.pub` of the host's, one a line; gives the path. */
export function keyFileOf(
  stage: Stage,
  of: Guest | Identity | readonly (Guest | Identity)[],
  name = 'guest',
): Promise<string> {
  const keys = [of].flat().map((one) => ('identity' in one ? one.identity : one).publicKey);
  return stage.writeFile(`${name}.pub`, keys.map((key) => `${key} ${name}@laptop\n`).join(''), 0o644);
}

/** Starts a pairing and waits until the host is in the room. */
export async function startPairing(
  stage: Stage,
  args: readonly string[],
  options?: TerminalOptions,
): Promise<Terminal> {
  const host = await stage.pair(args, options);
  await host.waitFor(inTheRoom, { timeout: 45_000 });
  return host;
}

/** What the status line shows when the host's client has come in. */
export const inTheRoom = /your guest types: ssh /;

/** The lines of all leases in `authorized_keys`, in order, but for that of a trial login beside a pairing. */
export function leaseLines(stage: Stage): string[] {
  const text = stage.keysFile()?.toString('latin1') ?? '';
  return text.split('\n').filter((line) => / tmuxpair:[a-z2-7]{12}:(?!tmuxpair-trial)/.test(line));
}

/** When a lease's line expires, in ms since the epoch. Its `expiry-time` must be in UTC. */
export function expiryOf(line = ''): number {
  const [, ...parts] = /,expiry-time="(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z"/.exec(line) ?? [];
  const [year = Number.NaN, month = 0, day, hours, minutes, seconds] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hours, minutes, seconds);
}

/** The tmux servers of rooms, by session, with what runs in them. */
export function rooms(stage: Stage): { session: string; server: Process; within: Process[] }[] {
  const all = stage.processes();
  return all.flatMap((server) => {
    const session = /\/rooms\/([^/ ]+)\/tmux new-session -d /.exec(server.cmd)?.[1];
    return session === undefined ? [] : [{ session, server, within: descendantsOf(server.pid) }];
  });
}

/** The names of the rooms' sessions, but for that of a trial login, which is about to go. */
export function sessions(stage: Stage): string[] {
  return rooms(stage)
    .map(({ session }) => session)
    .filter((name) => !name.startsWith('doctor-'));
}

/** A command in the host's session, on its own server: for what a test must know of the room itself. */
export function inRoom(stage: Stage, session: string, ...command: string[]): Promise<string> {
  return stage.account.demand('tmux', [
    '-N',
    '-S',
    `${runDirectory(stage)}/rooms/${session}/tmux`,
    ...command,
  ]);
}

/** Holds the lock of `authorized_keys` as another program of ours that lives would (see lock.ts); gives its path. */
export function holdKeys({ keysPath }: Stage): string {
  const lock = `${keysPath}.tmuxpair.lock`;
  const [boot, machine, host] = [
    '/proc/sys/kernel/random/boot_id',
    '/etc/machine-id',
    '/proc/sys/kernel/hostname',
  ].map((path) => readFileSync(path, 'latin1').trim());
  symlinkSync(
    [process.pid, readProcess(process.pid)?.startTime, boot, 'f00d', `${machine}@${host}`].join('|'),
    lock,
  );
  return lock;
}
