import type { Visit } from '../domain/events.ts';
import type { Access, Guest, Label } from '../domain/guest.ts';
import { labelOf } from '../lease/presence.ts';

/**
 * Who is who in a pairing: invited, put out, waiting at the gate, connected, gone. What is here is true at once; gates,
 * lines and connections follow, by whoever changes it.
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

  /** Everybody who is invited. Who is being put out is among them until that is done. */
  get guests(): readonly Guest[] {
    return this.#guests;
  }

  /** Those of {@link guests} who may come in. */
  get welcome(): readonly Guest[] {
    return this.#guests.filter(({ label }) => !this.#out.has(label));
  }

  /** Who has been put out, with their keys. */
  get kicked(): readonly Guest[] {
    return this.#kicked;
  }

  /** Who is inside now, by the record of their gate. */
  get connected(): ReadonlyMap<string, Visit> {
    return this.#connected;
  }

  /** The visits that are over, in the order of their ends. */
  get history(): readonly Visit[] {
    return this.#history;
  }

  /** Who waits for the host's yes. */
  get waiting(): readonly Visit[] {
    return this.#waiting;
  }

  /** In whose terminal another program ran than the gate, as far as that can be seen, and for how many seconds at most. */
  get astray(): ReadonlyMap<string, number> {
    return this.#astray;
  }

  /** Whether anybody has come in so far. */
  get hasVisits(): boolean {
    return this.#connected.size + this.#history.length > 0;
  }

  /**
   * Labels that nobody new may have. Those who were put out keep theirs while the pairing lives: a connection that they hold
   * open, and that never ran the gate, would run it as whoever has the label by then.
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

  /** Those of their connections that are inside have the access of {@link change} now. */
  hasMoved({ label, access }: Guest): void {
    for (const record of this.#onlyLooking) if (labelOf(record) === label) this.#onlyLooking.delete(record);
    for (const [record, visit] of this.#connected) {
      if (visit.label === label) this.#connected.set(record, { ...visit, access });
    }
  }

  /** From now on nothing lets them in again. */
  beginKick(label: Label): void {
    this.#out.add(label);
  }

  /** They are out. @returns whether somebody else who put them out was not faster */
  endKick(guest: Guest): boolean {
    if (!this.#guests.some((other) => other.label === guest.label)) return false;
    this.#guests = this.#guests.filter((other) => other.label !== guest.label);
    this.#kicked = [...this.#kicked, guest];
    return true;
  }

  isOut(label: Label): boolean {
    return this.#out.has(label);
  }

  /** The access that a guest joins with from now on; the least, for one that is none any more. */
  accessOf(label: string): Access {
    return this.#guests.find((guest) => guest.label === label)?.access ?? 'read-only';
  }

  /** The access of one connection: the host may have let it in to look, whatever the guest's access. */
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

  /** They logged in, whether or not they came in: as far as that can be seen; of the system's sshd, who came to the gate. */
  noteLogin(label: string): void {
    this.#loggedIn.add(label);
  }

  hasLoggedIn(label: string): boolean {
    return this.#loggedIn.has(label);
  }

  /** Another program than the gate ran in their terminal, for so many seconds at least. */
  noteAstray(label: string, seconds: number): void {
    this.noteLogin(label);
    this.#astray.set(label, Math.max(seconds, this.#astray.get(label) ?? 1));
  }

  /** Who has logged in, as far as that can be seen, and was never in. */
  neverIn(): string[] {
    const been = new Set([...this.#connected.values(), ...this.#history].map(({ label }) => label));
    return [...this.#loggedIn].filter((label) => !been.has(label));
  }

  /** Who is in, for the status line; with a question mark, who would be. */
  names(): string[] {
    const labels = (visits: Iterable<Visit>): Set<string> => new Set([...visits].map(({ label }) => label));
    return [...labels(this.#connected.values()), ...[...labels(this.#waiting)].map((label) => `${label}?`)];
  }
}
