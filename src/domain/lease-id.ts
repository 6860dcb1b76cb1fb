import { createHash, randomBytes } from 'node:crypto';

/** 12 characters of `a-z2-7`: 4 tell the machine, 8 are random. */
export type LeaseId = string & { readonly __brand: 'LeaseId' };

export function isLeaseId(text: string): text is LeaseId {
  return /^[a-z2-7]{12}$/.test(text);
}

/**
 * A fresh id. Its first characters are the machine's, because a home folder may be shared: a sweep on one
 * machine must not take a pairing that lives on another for dead.
 * @param machine any text that names this machine, e.g. its machine id and host name
 */
export function newLeaseId(machine: string): LeaseId {
  return (machineTag(machine) + base32(randomBytes(8))) as LeaseId;
}

export function isOfMachine(id: LeaseId, machine: string): boolean {
  return id.startsWith(machineTag(machine));
}

function machineTag(machine: string): string {
  return base32(createHash('sha256').update(machine).digest().subarray(0, 4));
}

/** One of 32 letters a byte; the upper bits are dropped. */
function base32(bytes: Buffer): string {
  return Array.from(bytes, (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte % 32]).join('');
}
