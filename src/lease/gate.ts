/** Who may pass the gate: flags in a lease's folder, which the gate reads. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Access, Label } from '../domain/guest.ts';
import { inLease } from '../domain/lease-folder.ts';
import { namesIn } from '../system/names-in.ts';
import { replaceFile } from '../system/replace-file.ts';
import type { Lease } from './lease.ts';
import { writeBelow } from './run-directory.ts';
import { doorFlag } from './scripts.ts';

/** Sets whether the host is present: while the host is not, the gate refuses guests. */
export function setHostPresence(lease: Lease, present: boolean): void {
  if (present) writeFileSync(inLease(lease.folder, 'host'), '', { mode: 0o600 });
  else rmSync(inLease(lease.folder, 'host'), { force: true });
}

/** Makes every join wait for the host's yes from now on. */
export function requireApproval(lease: Lease): void {
  writeFileSync(inLease(lease.folder, 'approve'), '', { mode: 0o600 });
}

/**
 * Lets `admit` start what guests come through, until the gate is shut for all.
 * @throws Refusal `run-directory-refused`
 */
export function openAdmit(lease: Lease): void {
  writeBelow(lease.folder, () => replaceFile(inLease(lease.folder, 'open', doorFlag), 'open\n'));
}

/** Whether the gate is open for a guest. */
export function isGateOpen(lease: Lease, label: Label): boolean {
  return existsSync(inLease(lease.folder, 'open', label));
}

/** Shuts the gate for one guest. */
export function shutGateFor(lease: Lease, label: Label): void {
  rmSync(inLease(lease.folder, 'open', label), { force: true });
}

/** Forgets which of a guest's processes were admitted to look only, whatever the guest's access is. */
export function forgetViews({ folder }: Pick<Lease, 'folder'>, label: Label): void {
  for (const name of namesIn(inLease(folder, 'view')))
    if (name.startsWith(`${label},`)) rmSync(inLease(folder, 'view', name), { force: true });
}

/** Opens the gate for a guest, whose key has to bring them there. @throws Refusal `run-directory-refused` */
export function openGate(lease: Lease, label: Label, access: Access): void {
  writeBelow(lease.folder, () => replaceFile(inLease(lease.folder, 'open', label), `${access}\n`));
}
