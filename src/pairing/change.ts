/** What can be changed of a pairing while it lives. Each change takes effect before it resolves. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Deadline } from '../domain/deadline.ts';
import { longestSeconds } from '../domain/duration.ts';
import type { Event } from '../domain/events.ts';
import { Refusal, refuse, usage } from '../domain/failure.ts';
import {
  type Access,
  type Guest,
  isLabel,
  isNonEmpty,
  type Label,
  labelsFor,
  type NonEmpty,
} from '../domain/guest.ts';
import type { KeyLine } from '../domain/key-line.ts';
import { haveKey } from '../door/key-files.ts';
import { keyObstacles } from '../door/key-rules.ts';
import { forgetViews, openGate, shutGateFor } from '../lease/gate.ts';
import { grant, revoke } from '../lease/grant.ts';
import { sever } from '../lease/lease.ts';
import { asking, type Presence, presences } from '../lease/presence.ts';
import { commandLineOf, commandOf } from '../lease/process.ts';
import { moveGuests } from '../room/move.ts';
import { moveDeadline, timeLeft } from './deadline.ts';
import type { Live } from './live.ts';
import { isSome, keysLeft, noteLines, remainsOf } from './other-ways.ts';

/** How long, in ms, a guest may be on their way through the gate. */
const timeoutMs = 2000;

/**
 * Lets more guests in: their flags first, then their lines, all in one write.
 * @param invited resolved guests; they get new labels, which are unique here
 * @returns what to tell the host about them
 * @throws Refusal `usage` for somebody who is a guest already, `gate-not-reached`, `key-already-present`,
 * `key-accepted`, those of `editKeyFile`; then none of them has been let in
 */
export function invite(live: Live, invited: NonEmpty<Guest>): Promise<Event[]> {
  return live.changes.take(async () => {
    refuseEnded(live);
    refuseKnown(live, invited);
    const block = await live.shell.again('ifChanged');
    if (block) refuse({ kind: 'gate-not-reached', block, private: false });
    const labels = labelsFor(
      invited.map(({ reference }) => reference),
      live.roster.labels,
    );
    const guests = invited.map((guest, index) => ({ ...guest, label: labels[index] ?? guest.label }));
    const keyLines = noteLines(live, guests);
    await refuseAccepted(live, guests);
    refuseEnded(live);
    try {
      for (const { label, access } of guests) openGate(live.lease, label, access);
      const lines = await grant(live.lease, guests, {
        expiry: live.expiryOf(live.deadline.epoch),
        forward: live.forward,
        gateExisting: live.gateExisting,
        // While this waited for the file, the end may have begun, and may have taken lines back before these were in
        // it.
        check: () => refuseEnded(live),
      });
      live.lines = [...lines, ...live.lines];
    } catch (error) {
      for (const { label } of guests) shutGateFor(live.lease, label);
      throw error;
    }
    refuseEnded(live); // The end waits for this change, and takes the lines back.
    live.roster.invite(guests);
    live.sinks.emit({ kind: 'invited-more', guests });
    return doubtsOf(live, guests, keyLines);
  });
}

/**
 * @throws Refusal `key-accepted` if sshd accepts a key of theirs by itself. sshd is not asked if all its ways are
 * known.
 */
async function refuseAccepted(live: Live, guests: readonly Guest[]): Promise<void> {
  // A gate goes in front of lines in the same file.
  const files = live.gateExisting ? [live.lease.keyFile] : [];
  const unseen = guests.flatMap((guest) => {
    const keys = guest.keys.filter((key) => !haveKey(files, key));
    return isNonEmpty(keys) ? [{ ...guest, keys }] : [];
  });
  const doubts = await live.door.offer(unseen);
  for (const doubt of doubts)
    if (doubt.kind === 'key-accepted') refuse({ kind: 'key-accepted', reference: doubt.guest });
}

/** What to tell the host about invited guests, besides that they are invited. */
async function doubtsOf(
  live: Live,
  guests: readonly Guest[],
  keyLines: readonly KeyLine[],
): Promise<Event[]> {
  const { rules } = await live.door.known();
  const obstacles = keyObstacles(rules, guests);
  if (obstacles.length + keyLines.length === 0) return [];
  const doubts = { kind: 'invited-doubts', door: live.door.kind, obstacles, keyLines } as const;
  live.sinks.emit(doubts);
  return [doubts];
}

/**
 * Puts a guest out for good: their flag, their connections, their lines. Waits for no other change, and no change under
 * way lets them in again. Lines that stand in front of others with the same key stay until the end, and lead to a gate
 * that is shut.
 * @returns what to tell the host about ways by which they may still get in
 * @throws Refusal `no-such-guest`, `revocation-failed`, `guests-left`; `keys-left` when all is done
 */
export async function kick(live: Live, label: string): Promise<Event[]> {
  refuseEnded(live);
  const guest = guestOf(live, label);
  live.roster.beginKick(guest.label);
  shutGateFor(live.lease, guest.label);
  if (!live.gateExisting) live.lines = live.lines.filter((line) => line.label !== guest.label);
  const [gone] = await Promise.all([
    sever(live.lease.folder, guest.label),
    live.gateExisting ? undefined : revoke(live.lease.keyFile, live.lease.id, guest.label),
  ]);
  if (!gone) refuse({ kind: 'guests-left', folder: live.lease.folder });
  if (!live.roster.endKick(guest)) return []; // Somebody else kicked them at the same time.
  live.sinks.emit({ kind: 'kicked', label: guest.label });
  const remains = await remainsOf(live, [guest]);
  const event = { kind: 'still-in', label: guest.label, remains } as const;
  if (isSome(remains)) live.sinks.emit(event);
  const failure = keysLeft(remains);
  if (failure) refuse(failure);
  return isSome(remains) ? [event] : [];
}

/**
 * Changes what a guest may do, for later joins and for the connections that are inside: they go through the gate once
 * more. A guest who can't be moved is put out, and may come back with the new access.
 * @throws Refusal `no-such-guest`
 */
export function setAccess(live: Live, label: string, access: Access): Promise<Guest> {
  return live.changes.take(async () => {
    refuseEnded(live);
    const guest = guestOf(live, label);
    if (live.roster.isOut(guest.label)) refuseGuest(live, label);
    const changed = { ...guest, access };
    forgetViews(live.lease, guest.label);
    openGate(live.lease, guest.label, access);
    live.roster.change(changed);
    await moveThrough(live, guest.label);
    live.roster.hasMoved(changed);
    live.sinks.emit({ kind: 'access-changed', label: guest.label, access });
    return changed;
  });
}

/**
 * Moves the deadline.
 * @param seconds added to what is left; in all at most {@link longestSeconds} from now
 * @throws Refusal `usage` for more than that, those of `editKeyFile`; the deadline is then the old one
 */
export async function extend(live: Live, seconds: number): Promise<Deadline> {
  refuseEnded(live);
  if (timeLeft(live) + seconds > longestSeconds)
    usage('that is too long: a pairing lasts 7d at most, from now');
  await moveDeadline(live, seconds);
  live.sinks.emit({ kind: 'extended', deadline: new Date(live.deadline.epoch * 1000) });
  return live.deadline;
}

/**
 * Makes everybody of `label` whose gate may have read the old access go through the gate again: those inside, and those
 * on their way in, as soon as they are inside.
 */
async function moveThrough(live: Live, label: Label): Promise<void> {
  const { folder } = live.lease;
  const { room } = live;
  const asks = new Set(asking(folder).map(({ record }) => record));
  const mine = (): Presence[] => presences(folder).filter((one) => one.label === label);
  let pending = new Set(mine().flatMap(({ record }) => (asks.has(record) ? [] : [record])));
  let under = new Set<number>();
  const until = performance.now() + timeoutMs;
  while (pending.size > 0 && performance.now() < until) {
    const waiting = mine().filter(({ record }) => pending.has(record));
    const inside = waiting.filter((one) => one.inside);
    const moves = inside.map((one) => ({ pid: one.pid, gate: gateAgain(live.lease, one) }));
    // A client may run before it is attached.
    const left = new Set(moves.length > 0 ? await moveGuests(room, folder, moves) : []);
    const done = new Set(inside.flatMap(({ pid, record }) => (left.has(pid) ? [] : [record])));
    for (const { pid, record } of inside) if (done.has(record)) under.add(pid);
    pending = new Set(waiting.flatMap(({ record }) => (done.has(record) ? [] : [record])));
    if (pending.size > 0) await sleep(20);
  }
  // Their client was asked to become the gate. A guest who can type controls the room's server, which could make the
  // client become something else.
  const access = live.roster.accessOf(label);
  for (const since = performance.now(); performance.now() < since + timeoutMs; await sleep(20)) {
    under = new Set([...under].filter((pid) => !hasArrived(folder, pid, access)));
    if (under.size === 0) break;
  }
  if (pending.size + under.size === 0) return;
  shutGateFor(live.lease, label);
  await sever(folder, label);
  if (!live.life.isOver && !live.roster.isOut(label))
    openGate(live.lease, label, live.roster.accessOf(label));
}

/**
 * Whether a process that was to go through the gate again has become what the gate becomes for that access, or has
 * ended.
 */
function hasArrived(folder: string, pid: number, access: Access): boolean {
  const words = commandLineOf(pid);
  const isTmux = commandOf(pid)?.startsWith('tmux') === true;
  const isLooking = isTmux && words.includes(` -f /dev/null -S ${folder}/air/${pid} set-option -s `);
  return (
    words === '' || (access === 'read-only' ? isLooking : !isLooking && / attach-session -E /.test(words))
  );
}

/** The sh command that makes a guest's tmux client give way to the gate. */
export function gateAgain({ gate }: Live['lease'], { label, key }: Presence): string {
  return `exec /bin/sh ${gate} ${label} ${key} moved`;
}

function guestOf(live: Live, label: string): Guest {
  const wanted = label.replace(/^@/, '');
  const found =
    live.roster.guests.find(
      (guest) => isLabel(wanted) && guest.label.toLowerCase() === wanted.toLowerCase(),
    ) ?? live.roster.guests.find((guest) => guest.reference.text === label);
  return found ?? refuseGuest(live, label);
}

function refuseGuest(live: Live, label: string): never {
  const guests = live.roster.welcome;
  return refuse({ kind: 'no-such-guest', label, guests: guests.map((guest) => guest.label) });
}

function refuseKnown(live: Live, invited: readonly Guest[]): void {
  live.lookout.look();
  const owners = new Map(
    live.roster.guests.flatMap(({ label, keys }) => keys.map((key) => [key.base64, label])),
  );
  for (const { reference, keys } of invited) {
    const owner = keys.map(({ base64 }) => owners.get(base64)).find((label) => label !== undefined);
    if (owner === undefined) continue;
    if (live.lookout.trouble.some((one) => 'guests' in one && one.guests.includes(owner)))
      usage(
        `${reference.text} is a guest already, as ${owner}, but their line in authorized_keys is not as it was`,
        'put it back: tmuxpair repair',
      );
    usage(`${reference.text} is a guest already, as ${owner}`, 'see who is: tmuxpair info');
  }
}

function refuseEnded(live: Live): void {
  if (live.life.isOver) throw new Refusal({ kind: 'no-such-pairing', ids: [] });
}
