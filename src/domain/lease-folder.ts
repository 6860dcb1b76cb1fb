/**
 * Every name in a lease's folder, which is 0700. Making anything there under another name is a mistake, which a test
 * finds.
 */
import { join } from 'node:path';

/** Folders that exist from the start. */
export const foldersInLease = [
  /** A file for each guest who may come in, with their access; `+door`: connections may be admitted. */
  'open',
  /** A record for each guest process (see lease/scripts.ts). */
  'in',
  /** The socket of each airlock, by the process of its gate. */
  'air',
  /** Guests who wait for the host's yes; the answer is written into the file. */
  'ask',
  /** Guests who were admitted to look only, whatever their access. */
  'view',
  /** Guests who were refused at the gate, and why. */
  'refused',
] as const;

export const filesInLease = [
  /** Who supervises it, and which key file it is written to (see lease/lease-record.ts). */
  'record.json',
  /**
   * The scripts: what a guest's connection is forced into, what ends access, what starts each connection of a private
   * sshd.
   */
  ...(['gate', 'sever', 'clock', 'switch', 'admit'] as const),
  /** The clock's process, and when it started. */
  'ticking',
  /** Epoch seconds, and seconds since boot. */
  'deadline',
  /** Exists while the host is there. */
  'host',
  /** Exists if each join waits for the host's yes. */
  'approve',
  /** The environment in which the gate of a trial login was reached. */
  'environment',
  /** The socket through which other commands talk to the supervisor. */
  'control',
  /** The session that is shared, for whoever has to leave it as it was. */
  'shared.json',
  /** A shell that is started as for a guest, to see whether it reaches the gate (see lease/probe.ts). */
  'probe',
  /** Of a private sshd; the last is the guests' HOME. */
  ...(['authorized_keys', 'sshd_config', 'home'] as const),
  /** Of a tunnel: ssh's control socket until it is up, its log, and what it was tried with. */
  ...(['tun', 'tunnel-log', 'tunnel-known', 'tunnel-proof'] as const),
] as const;

export type LeaseName =
  | (typeof foldersInLease)[number]
  | (typeof filesInLease)[number]
  /** Links to the folder itself: `2/gate` is the gate for a guest's second key. */
  | `${number}`
  /** A menu on the screen, and what was chosen. */
  | `menu-${string}`;

/** A path in a lease's folder. */
export function inLease(folder: string, name: LeaseName, ...below: readonly string[]): string {
  return join(folder, name, ...below);
}
