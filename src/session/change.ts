/** What may be changed of a pairing while it lives. Each takes effect before it resolves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Deadline, secondsLeft } from '../domain/deadline.ts';
import { longestSeconds } from '../domain/duration.ts';
import { Refusal, refuse } from '../domain/failure.ts';
import { type Access, type Guest, isLabel, type Label, labelsFor, type NonEmpty } from '../domain/guest.ts';
import { grant, moveExpiry, openGate, revoke, setDeadline, sever, shutGateFor } from '../lease/lease.ts';
import { asking, type Presence, presences } from '../lease/presence.ts';
import { uptime } from '../lease/process.ts';
import { moveGuests } from '../room/move.ts';
import { showDeadline } from '../room/room.ts';
import { accessOf, type Live } from './live.ts';

/** How long, in ms, somebody may be on their way through the gate. */
const patience = 2000;

/**
 * Lets more guests in: their flags first, then their lines, all in one write.
 * @param invited resolved guests; their labels are given anew, so that they are unique here
 * @throws Refusal `key-already-present`, those of `editKeyFile`; then none of them has been let in
 */
export async function invite(live: Live, invited: NonEmpty<Guest>): Promise<readonly Guest[]> {
  refuseEnded(live);
  const taken = [...live.guests.map(({ label }) => label), ...live.out];
  const labels = labelsFor(
    invited.map(({ reference }) => reference),
    taken,
  );
  const guests = invited.map((guest, index) => ({ ...guest, label: labels[index] ?? guest.label }));
  for (const { label, access } of guests) openGate(live.lease, label, access);
  try {
    await grant(live.lease, guests, {
      expiry: live.expiryOf(live.deadline.epoch),
      forward: live.forward,
      gateExisting: live.gateExisting,
      // The end may have begun while this waited for the file, and taken its lines back before these were in it.
      check: () => refuseEnded(live),
    });
  } catch (error) {
    for (const { label } of guests) shutGateFor(live.lease, label);
    throw error;
  }
  live.guests = [...live.guests, ...guests];
  live.tell({ kind: 'invited-more', guests });
  return guests;
}

/**
 * Puts a guest out, for good: their flag, their connections, their lines.
 * @throws Refusal `no-such-guest`, `revocation-failed`, `guests-left`
 */
export async function kick(live: Live, label: string): Promise<Guest> {
  const guest = guestOf(live, label);
  live.out.add(guest.label);
  shutGateFor(live.lease, guest.label);
  const [gone] = await Promise.all([
    sever(live.lease.folder, guest.label),
    revoke(live.lease.keyFile, live.lease.id, guest.label),
  ]);
  if (!gone) refuse({ kind: 'guests-left', folder: live.lease.folder });
  live.guests = live.guests.filter((other) => other.label !== guest.label);
  live.tell({ kind: 'kicked', label: guest.label });
  return guest;
}

/**
 * Changes what a guest may do, for later joins and, where they are, for those that are inside: they go through the gate
 * once more. Who can't be moved so is put out, and may come back with the new access.
 * @throws Refusal `no-such-guest`
 */
export async function setAccess(live: Live, label: string, access: Access): Promise<Guest> {
  const guest = guestOf(live, label);
  if (live.out.has(guest.label)) refuseGuest(live, label);
  const changed = { ...guest, access };
  openGate(live.lease, guest.label, access);
  live.guests = live.guests.map((other) => (other.label === guest.label ? changed : other));
  await moveThrough(live, guest.label);
  for (const [record, visit] of live.here) {
    if (visit.label === guest.label) live.here.set(record, { ...visit, access });
  }
  live.tell({ kind: 'access-changed', label: guest.label, access });
  return changed;
}

/**
 * Moves the deadline, everywhere that it is written.
 * @param seconds added to what is left; in all no more than {@link longestSeconds} from now
 * @throws Refusal `usage` for more than that, those of `editKeyFile`
 */
export async function extend(live: Live, seconds: number): Promise<Deadline> {
  refuseEnded(live);
  const left = secondsLeft(live.deadline, { epoch: Date.now() / 1000, sinceBoot: uptime() });
  if (left + seconds > longestSeconds) {
    refuse({ kind: 'usage', problem: 'that is too long: a pairing lasts 7d at most, from now' });
  }
  const before = live.deadline;
  live.deadline = { epoch: before.epoch + seconds, sinceBoot: before.sinceBoot + seconds };
  setDeadline(live.lease, live.deadline);
  const expiry = live.expiryOf(live.deadline.epoch);
  try {
    if (expiry !== undefined) await moveExpiry(live.lease, expiry);
  } catch (error) {
    live.deadline = before;
    setDeadline(live.lease, before);
    throw error;
  }
  if (live.room) await showDeadline(live.room, live.deadline.epoch);
  live.tell({ kind: 'extended', deadline: new Date(live.deadline.epoch * 1000) });
  return live.deadline;
}

/**
 * Has everybody of `label` whose gate may have read the old access go through the gate again: those inside, and those on
 * their way in, as soon as they are.
 */
async function moveThrough(live: Live, label: Label): Promise<void> {
  const { gate, folder } = live.lease;
  const { room } = live;
  if (!room) return;
  const asks = new Set(asking(folder).map(({ record }) => record));
  const mine = (): Presence[] => presences(folder).filter((one) => one.label === label);
  let pending = new Set(mine().flatMap(({ record }) => (asks.has(record) ? [] : [record])));
  const failed: number[] = [];
  const until = Date.now() + patience;
  while (pending.size > 0) {
    const waiting = mine().filter(({ record }) => pending.has(record));
    const inside = waiting.filter((one) => one.inside || Date.now() > until);
    const moves = inside.map(({ pid, key }) => ({ pid, gate: `exec ${gate} ${label} ${key} moved` }));
    if (moves.length > 0) failed.push(...(await moveGuests(room, folder, moves)));
    const done = new Set(inside.map(({ record }) => record));
    pending = new Set(waiting.flatMap(({ record }) => (done.has(record) ? [] : [record])));
    if (pending.size > 0) await sleep(20);
  }
  if (failed.length === 0) return;
  const access = accessOf(live, label);
  shutGateFor(live.lease, label);
  await sever(folder, label);
  if (!live.ended && !live.out.has(label)) openGate(live.lease, label, access);
}

function guestOf(live: Live, label: string): Guest & { readonly label: Label } {
  refuseEnded(live);
  const wanted = label.replace(/^@/, '');
  const found =
    live.guests.find((guest) => isLabel(wanted) && guest.label.toLowerCase() === wanted.toLowerCase()) ??
    live.guests.find((guest) => guest.reference.text === label);
  return found ?? refuseGuest(live, label);
}

function refuseGuest({ guests, out }: Live, label: string): never {
  const labels = guests.flatMap((guest) => (out.has(guest.label) ? [] : [guest.label]));
  return refuse({ kind: 'no-such-guest', label, guests: labels });
}

function refuseEnded(live: Live): void {
  if (live.ended) throw new Refusal({ kind: 'no-such-pairing', ids: [] });
}
