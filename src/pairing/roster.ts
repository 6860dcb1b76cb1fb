import type { Visit } from '../domain/events.ts';
import type { Access, Guest, Label } from '../domain/guest.ts';
import { labelOf } from '../lease/presence.ts';

/**
 * Who is who in a pairing: invited, put out, waiting at the gate, connected, gone. The roster changes at once. Whoever
 * changes it has gates, lines and connections follow.
 */
export class Roster {
  #guests: readonly Guest[] = [];
  #kicked: readonly Guest[] = [];
  #waiting: readonly Visit[] = [];
  readonly #out = new Set<Label>();
  readonly #connected = new Map<string, Visit>();
  readonly #history: Visit[] = [];
  readonly #loggedIn = new Set<string>();
  readonly #astray = new Map<string, number>();
  readonly #onlyLooking = new Set<string>();

  /** Everybody who is invited, including guests who are being put out, until that is done. */
  get guests(): readonly Guest[] {
    return this.#guests;
  }

  /** Those of {@link guests} who may come in. */
  get welcome(): readonly Guest[] {
    return this.#guests.filter(({ label }) => !this.#out.has(label));
  }

  /** Guests who have been put out, with their keys. */
  get kicked(): readonly Guest[] {
    return this.#kicked;
  }

  /** Guests who are inside now, by the record of their gate. */
  get connected(): ReadonlyMap<string, Visit> {
    return this.#connected;
  }

  /** Finished visits, in the order in which they ended. */
  get history(): readonly Visit[] {
    return this.#history;
  }

  /** Guests who wait for the host's yes. */
  get waiting(): readonly Visit[] {
    return this.#waiting;
  }

  /**
   * Guests in whose terminal a program other than the gate ran, as far as that can be seen, and for how many seconds at
   * most.
   */
  get astray(): ReadonlyMap<string, number> {
    return this.#astray;
  }

  /** Whether anybody has come in so far. */
  get hasVisits(): boolean {
    return this.#connected.size + this.#history.length > 0;
  }

  /**
   * Labels that no new guest may have. Guests who were put out keep theirs while the pairing lives: a connection that
   * they hold open, and that never ran the gate, would run it as whoever has the label by then.
   */
  get labels(): Label[] {
    return [...this.#guests.map(({ label }) => label), ...this.#out];
  }

  invite(guests: readonly Guest[]): void {
    this.#guests = [...this.#guests, ...guests];
  }

  change(guest: Guest): void {
    this.#guests = this.#guests.map((other) => (other.label === guest.label ? guest : other));
  }

  /** Their connections that are inside now have the access of {@link change}. */
  hasMoved({ label, access }: Guest): void {
    for (const record of this.#onlyLooking) if (labelOf(record) === label) this.#onlyLooking.delete(record);
    for (const [record, visit] of this.#connected) {
      if (visit.label === label) this.#connected.set(record, { ...visit, access });
    }
  }

  /** From now on nothing lets this guest in again. */
  beginKick(label: Label): void {
    this.#out.add(label);
  }

  /** The guest is out. @returns false if somebody else put them out first */
  endKick(guest: Guest): boolean {
    if (!this.#guests.some((other) => other.label === guest.label)) return false;
    this.#guests = this.#guests.filter((other) => other.label !== guest.label);
    this.#kicked = [...this.#kicked, guest];
    return true;
  }

  isOut(label: Label): boolean {
    return this.#out.has(label);
  }

  /** The access that a guest joins with from now on; read-only for somebody who is no guest any more. */
  accessOf(label: string): Access {
    return this.#guests.find((guest) => guest.label === label)?.access ?? 'read-only';
  }

  /** The access of one connection: the host may have admitted it to look only, whatever the guest's access. */
  accessAt(record: string, label: string): Access {
    return this.#onlyLooking.has(record) ? 'read-only' : this.accessOf(label);
  }

  onlyLooks(record: string): void {
    this.#onlyLooking.add(record);
  }

  enter(record: string, visit: Visit): void {
    this.#connected.set(record, visit);
  }

  /** @returns the visit, which is over */
  leave(record: string, visit: Visit): Visit {
    const ended = { ...visit, leftAt: new Date() };
    this.#connected.delete(record);
    this.#history.push(ended);
    return ended;
  }

  wait(waiting: Iterable<Visit>): void {
    this.#waiting = [...waiting];
  }

  /**
   * They logged in, whether or not they came in, as far as that can be seen: of the system's sshd, those who came to
   * the gate.
   */
  noteLogin(label: string): void {
    this.#loggedIn.add(label);
  }

  hasLoggedIn(label: string): boolean {
    return this.#loggedIn.has(label);
  }

  /** A program other than the gate ran in their terminal, for at least that many seconds. */
  noteAstray(label: string, seconds: number): void {
    this.noteLogin(label);
    this.#astray.set(label, Math.max(seconds, this.#astray.get(label) ?? 1));
  }

  /** Guests who have logged in, as far as that can be seen, and were never in. */
  neverIn(): string[] {
    const been = new Set([...this.#connected.values(), ...this.#history].map(({ label }) => label));
    return [...this.#loggedIn].filter((label) => !been.has(label));
  }

  /** Who is in, for the status line; who waits, with a question mark. */
  names(): string[] {
    const labels = (visits: Iterable<Visit>): Set<string> => new Set([...visits].map(({ label }) => label));
    return [...labels(this.#connected.values()), ...[...labels(this.#waiting)].map((label) => `${label}?`)];
  }
}
