/**
 * Logins at a private sshd, as its log reports them. Between a login and the gate comes the account's shell, with what
 * the system's start-up files make it run. So a login is not yet a guest at the gate, and one that does not get there
 * is ended. Logins are counted here, too, since the gate counts only those that reach it.
 */

import type { Event } from '../domain/events.ts';
import type { Guest, Label } from '../domain/guest.ts';
import type { Login } from '../door/private.ts';
import { type Behind, lookBehind } from '../lease/behind.ts';
import { isGateOpen } from '../lease/gate.ts';
import { type Lease, sever } from '../lease/lease.ts';
import { forgetGroup, nameConnection } from '../lease/presence.ts';
import { signalProcess } from '../system/signal.ts';

export interface LoginsWorld {
  readonly lease: Lease;
  /** The guest whose key that is. */
  readonly guestOf: (fingerprint: Login['fingerprint']) => Guest | undefined;
  /** The most logins of one guest, and of all, at a time. */
  readonly caps: { readonly guest: number; readonly pairing: number };
  /** Whether a guest may stay without a session, to use forwarded ports. */
  readonly mayForward: (guest: Guest) => boolean;
  /** A guest has logged in, whether or not they reach the gate. */
  readonly note: (label: Label) => void;
  readonly tell: (event: Event) => void;
}

export interface Logins {
  login(login: Login): void;
  /** sshd starts the program that the guest's key forces them into. */
  session(leader: number): void;
  /** The connection has ended. */
  end(leader: number): void;
}

/** In ms. */
const timeoutsMs = {
  /** From the login, or from the start of the shell, to the gate. */
  gate: 5000,
  /** sshd says that it starts a shell a moment before it does. */
  slack: 200,
  /** For the first login too many, in which the gate can tell the guest so. */
  refusal: 1000,
  /** A guest who is being invited is in the key file before they are known here. */
  unknown: 1000,
};
/** How long, in ms, the same is not reported again of a guest: a retrying client must not flood the status line. */
const silence = 60_000;

interface LoggedIn extends Login {
  guest?: Guest;
  readonly timers: Set<NodeJS.Timeout>;
}

export function watchLogins(world: LoginsWorld): Logins {
  const { lease, caps } = world;
  const { folder } = lease;
  const all = new Map<number, LoggedIn>();
  const told = new Map<string, number>();

  const later = (one: LoggedIn, ms: number, then: () => void): void => {
    const timer = setTimeout(() => {
      one.timers.delete(timer);
      if (all.get(one.leader) === one) then();
    }, ms);
    one.timers.add(timer.unref());
  };
  const end = (leader: number): void => {
    for (const timer of all.get(leader)?.timers ?? []) clearTimeout(timer);
    all.delete(leader);
    forgetGroup(folder, leader);
  };
  const endTelling = (
    { leader, guest, address, fingerprint }: LoggedIn,
    why: Extract<Event, { kind: 'login-ended' }>['why'],
  ): void => {
    end(leader);
    if (!guest) return;
    const { label } = guest;
    if (Date.now() - (told.get(`${label} ${why}`) ?? 0) < silence) return;
    told.set(`${label} ${why}`, Date.now());
    world.tell({ kind: 'login-ended', label, address, fingerprint, why });
  };

  /** @returns whether it is known whose login this is */
  const name = (one: LoggedIn): boolean => {
    const guest = world.guestOf(one.fingerprint);
    if (!guest) return false;
    const { label } = guest;
    one.guest = guest;
    world.note(label);
    nameConnection(folder, one.leader, label);
    // Kicked after sshd had looked at the keys, and before we looked at its log.
    if (!isGateOpen(lease, label)) sever(folder, label).catch(() => {});
    return true;
  };
  /** By how many logins a cap is exceeded, this one included, and which cap that is. */
  const excess = (one: LoggedIn): { readonly over: number; readonly why: 'many' | 'full' } => {
    const mine = [...all.values()].filter(({ guest }) => guest?.label === one.guest?.label).length;
    return mine > caps.guest
      ? { over: mine - caps.guest, why: 'many' }
      : { over: all.size - caps.pairing, why: 'full' };
  };
  const count = (one: LoggedIn): void => {
    const { over, why } = excess(one);
    if (over > 1) endTelling(one, why);
    if (over !== 1) return;
    later(one, timeoutsMs.refusal, () => {
      if (excess(one).over > 0) endTelling(one, why);
    });
  };
  const look = (one: LoggedIn): void => {
    const found = lookBehind(folder, one.leader, (timeoutsMs.gate - timeoutsMs.slack) / 1000);
    const { registered, strangers, isComing } = found;
    const idles = !registered && !isComing && !(one.guest && world.mayForward(one.guest));
    if (strangers.length === 0 && !idles) return;
    endTelling(one, 'unregistered');
    endStrangers(found);
  };

  return {
    login: (login) => {
      const one: LoggedIn = { ...login, timers: new Set() };
      all.set(login.leader, one);
      const isKnown = name(one);
      if (login.ended) return end(login.leader);
      count(one);
      later(one, timeoutsMs.gate, () => look(one));
      if (isKnown) return;
      later(one, timeoutsMs.unknown, () => {
        if (name(one)) count(one);
        else end(one.leader);
      });
    },
    session: (leader) => {
      const one = all.get(leader);
      if (one) later(one, timeoutsMs.gate, () => look(one));
    },
    end,
  };
}

/** Ends what has a guest's terminal and is not the gate. Some of it may outlive its connection. */
function endStrangers({ strangers }: Behind): void {
  for (const { pid } of strangers) signalProcess(pid, 'SIGKILL');
}
