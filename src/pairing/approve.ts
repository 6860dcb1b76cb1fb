/** Asks the host about each join: a menu on each of the host's clients, until one of them has answered. */

import type { Visit } from '../domain/events.ts';
import { inLease } from '../domain/lease-folder.ts';
import { type Answer, answerAsk, asking } from '../lease/presence.ts';
import type { Client } from '../room/clients.ts';
import { type ShownMenu, showMenu } from '../room/menu.ts';
import type { Menu } from '../room/menu-script.ts';
import { showGuests } from '../room/status-segment.ts';
import { watchFolder } from '../system/watch-folder.ts';
import type { HostPresence } from './host-presence.ts';
import { type Live, namesIn } from './live.ts';
import { Respite } from './respite.ts';
import { visitOf } from './watch.ts';

/** How often, in ms, to check who waits and on which client a menu can be shown. */
const every = 500;
/** How long, in ms, a host who has closed the menu is left alone. */
const afterClosing = 5000;
/**
 * How long, in seconds, the host must have pressed no key before a menu shows: keys that somebody types for their shell
 * must not answer a question.
 */
const idle = 1;

/**
 * Asks the host about everybody who waits at the gate, the longest waiting first, and about one connection of a guest
 * at a time: their others are refused meanwhile. The gate itself refuses a guest who gets no answer.
 * @param menuFor gives a menu whose values are {@link Answer}s; any other value is no answer yet
 * @returns a function that stops asking and takes the menus away
 */
export function approveJoins(live: Live, host: HostPresence, menuFor: (visit: Visit) => Menu): () => void {
  const { room } = live;
  const { folder } = live.lease;
  const waiting = new Map<string, Visit>();
  const menus = new Map<string, { readonly record: string; readonly menu: ShownMenu }>();
  /** When to ask a client about a guest's connection again, by both names. */
  const notBefore = new Map<string, number>();
  /** The records of guests who were let in: they no longer wait, and their question does not count against them. */
  const admitted = new Set<string>();
  /** The records of guests about whom a menu has been shown: nobody else has had the host's screen. */
  const shown = new Set<string>();
  const respite = new Respite(() => performance.now());
  let stopped = false;
  const giveUp = (): void => {}; // The room may be gone by now, or is asked again soon.

  const answer = (record: string, given: Answer): void => {
    if (given === 'view') live.roster.onlyLooks(record);
    if (given === 'view' || given === 'admit') admitted.add(record);
    answerAsk(folder, record, given);
    look();
  };

  const ask = async (client: string, record: string, visit: Visit): Promise<void> => {
    const menu = showMenu(room, client, menuFor(visit), folder);
    menus.set(client, { record, menu });
    shown.add(record);
    const choice = await menu.choice;
    menus.delete(client);
    if (stopped) return;
    const chosen = choice.kind === 'chosen' ? choice.value : undefined;
    if (chosen === 'admit' || chosen === 'view' || chosen === 'refuse') answer(record, chosen);
    else if (waiting.get(record) === visit)
      notBefore.set(`${client} ${record}`, Date.now() + (choice.kind === 'busy' ? every : afterClosing));
    await show();
  };

  const askOn = (client: Client): void => {
    // tmux reports the second of the last key press, which may have been at its end.
    if (menus.has(client.name) || Date.now() / 1000 - (client.activity + 1) < idle) return;
    for (const [record, visit] of waiting) {
      if ((notBefore.get(`${client.name} ${record}`) ?? 0) > Date.now()) continue;
      ask(client.name, record, visit).catch(giveUp);
      return;
    }
  };

  const show = async (): Promise<void> => {
    if (stopped || waiting.size === 0) return;
    for (const client of await host.clients()) if (!stopped) askOn(client);
  };

  /** One question per guest: an answer is about one connection, and many of them would mean many menus. */
  const asksAlready = ({ label }: Visit): boolean =>
    [...waiting.values()].some((other) => other.label === label);

  /** Closes the menus of a question whose possible answers have changed. */
  const askAnew = (record: string): void => {
    for (const one of menus.values()) if (one.record === record) one.menu.close();
  };

  const look = (): void => {
    const before = waiting.size;
    const now = new Map(asking(folder).map((presence) => [presence.record, presence]));
    for (const [record, { label }] of waiting) {
      if (now.has(record)) continue;
      waiting.delete(record);
      const wasShown = shown.delete(record);
      if (admitted.delete(record)) respite.clear(label);
      else if (wasShown) respite.strike(label);
    }
    for (const { record, menu } of menus.values()) if (!waiting.has(record)) menu.close();
    for (const [record, presence] of now) {
      const known = waiting.get(record);
      const visit = visitOf(live, presence);
      if (known?.access === visit.access) continue;
      if (!known && asksAlready(visit)) {
        answerAsk(folder, record, 'again');
        continue;
      }
      // Meanwhile they wait, for as long as their gate lets them.
      if (!known && respite.isOn(visit.label)) continue;
      waiting.set(record, visit);
      if (known) askAnew(record);
      else live.sinks.emit({ kind: 'asking', visit });
    }
    live.roster.wait(waiting.values());
    if (waiting.size !== before) showGuests(room, namesIn(live)).catch(giveUp);
    show().catch(giveUp);
  };

  const timer = setInterval(look, every);
  const watcher = watchFolder(inLease(folder, 'ask'), look);
  return () => {
    stopped = true;
    clearInterval(timer);
    watcher?.close();
    for (const { menu } of menus.values()) menu.close();
  };
}
