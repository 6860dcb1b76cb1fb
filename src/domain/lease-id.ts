import { randomBytes } from './random.ts';

/** 12 characters of `a-z2-7`: 4 identify the machine, 8 are random. */
export type LeaseId = string & { readonly __brand: 'LeaseId' };

export function isLeaseId(text: string): text is LeaseId {
  return /^[a-z2-7]{12}$/.test(text);
}

/**
 * A fresh id. Its first characters are the machine's, since machines may share a home folder: a sweep on one must not
 * take a pairing that lives on another for dead.
 * @param machine any text that names this machine, e.g. its machine id and host name
 */
export function newLeaseId(machine: string): LeaseId {
  return (machineTag(machine) + base32(randomBytes(8))) as LeaseId;
}

export function isOfMachine(id: LeaseId, machine: string): boolean {
  return id.startsWith(machineTag(machine));
}

/** From the lower 20 bits of the FNV-1a hash of the name. */
function machineTag(machine: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(machine)) hash = Math.imul(hash ^ byte, 0x01000193);
  return base32([hash, hash >>> 5, hash >>> 10, hash >>> 15]);
}

/** One of 32 letters for each number; the upper bits are dropped. */
function base32(numbers: Iterable<number>): string {
  return Array.from(numbers, (number) => 'abcdefghijklmnopqrstuvwxyz234567'[number & 31]).join('');
}
