/** Every name in a lease's folder, which is 0700. What is made there under another name is a mistake: a test finds it. */
import { join } from 'node:path';

/** What is there from the start, as folders. */
export const foldersInLease = [
  /** A file for each guest who may come in, which says with which access; `+door`: connections may be admitted. */
  'open',
  /** A record for each guest process (see lease/scripts.ts). */
  'in',
  /** The socket of each airlock, by the process of its gate. */
  'air',
  /** Who waits for the host's yes; the answer is written into it. */
  'ask',
  /** Who was let in to look only, whatever their access. */
  'view',
  /** Who was refused at the gate, and why. */
  'refused',
] as const;

export const filesInLease = [
  /** Who supervises it, which file it is written to (see lease/record.ts). */
  'record.json',
  /** The scripts: what a guest's connection is forced into, what ends access, what starts each connection of a door of ours. */
  ...(['gate', 'sever', 'clock', 'switch', 'admit'] as const),
  /** The clock: its process, and when that started. */
  'ticking',
  /** Epoch seconds, and seconds since boot. */
  'deadline',
  /** There while the host is. */
  'host',
  /** There if each join waits for the host's yes. */
  'approve',
  /** What the gate of a trial login was reached in. */
  'environment',
  /** Where the supervisor is spoken to. */
  'control',
  /** The session that is shared, for who has to leave it as it was. */
  'shared.json',
  /** A shell that is started as for a guest, to see whether it comes to the gate (see lease/probe.ts). */
  'probe',
  /** Of a door of our own; the last is what guests have for a HOME. */
  ...(['authorized_keys', 'sshd_config', 'home'] as const),
  /** Of a tunnel: ssh's control socket until it is up, its log, and what it was tried with. */
  ...(['tun', 'tunnel-log', 'tunnel-known', 'tunnel-proof'] as const),
] as const;

export type LeaseName =
  | (typeof foldersInLease)[number]
  | (typeof filesInLease)[number]
  /** Links to the folder itself: `2/gate` is the gate for a guest's second key. */
  | `${number}`
  /** A menu that shows, and what was chosen. */
  | `menu-${string}`;

/** A path in a lease's folder. */
export function inLease(folder: string, name: LeaseName, ...below: readonly string[]): string {
  return join(folder, name, ...below);
}
