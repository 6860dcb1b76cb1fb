/** The words of the menus that the host gets inside tmux. */
import { showDuration } from '../domain/duration.ts';
import type { PairingInfo } from '../domain/pairing-info.ts';
import { printable } from '../domain/text.ts';
import type { Menus } from '../pairing/context.ts';
import type { MenuItem } from '../room/menu-script.ts';
import { clock } from './clock.ts';
import { troubleWords } from './trouble-words.ts';

/** Guests are chosen by their digit. */
const mostGuests = 9;
const mostConnections = 5;
const mostTrouble = 5;

/** The menu about a join has no keys, and the harmless item first: it comes up by itself, maybe under typing hands. */
export const menus: Menus = {
  approval: ({ label, address, fingerprint, access }) => ({
    title: `${label} wants to come in`,
    lines: [`from ${address}`, fingerprint, `invited to ${access === 'read-only' ? 'look' : 'type'}`],
    items: [
      { text: 'not now: ask me again', value: 'later' },
      { text: 'refuse', value: 'refuse' },
      { text: 'let them in, to look only', value: 'view' },
      ...(access === 'read-only' ? [] : [{ text: 'let them in, to type', value: 'admit' }]),
    ],
  }),
  pairing: ({ guests, trouble, deadline, remainingSeconds }) => ({
    title: `ends ${clock(new Date(deadline))}, in ${showDuration(remainingSeconds)}`,
    lines: [
      ...(guests.length > mostGuests ? [`${guests.length} guests: see tmuxpair list for the rest`] : []),
      ...trouble.slice(0, mostTrouble).map((one) => `trouble: ${printable(troubleWords(one).text, 100)}`),
    ],
    items: [
      ...(trouble.length > 0 ? [{ text: 'repair what can be put right', value: 'repair', key: 'r' }] : []),
      ...guests.slice(0, mostGuests).map(guestItem),
      { text: 'extend by 30m', value: 'extend', key: 'e' },
      { text: "show the guest's ssh line", value: 'line', key: 's' },
      { text: 'end the pairing', value: 'end', key: 'x' },
    ],
  }),
  guest: ({ label, reference, access, connections }) => ({
    title: label,
    lines: [
      printable(reference, 60),
      ...connections
        .slice(0, mostConnections)
        .flatMap(({ address, fingerprint }) => [`in from ${address}`, fingerprint]),
    ],
    items: [
      access === 'read-only'
        ? { text: 'may type', value: 'type', key: 't' }
        : { text: 'view only', value: 'look', key: 'v' },
      { text: 'put out, for good', value: 'kick', key: 'k' },
    ],
  }),
  end: {
    title: 'end the pairing?',
    lines: [],
    items: [
      { text: 'no', value: 'no', key: 'n' },
      { text: 'yes: the guests are out, the session stays yours', value: 'yes', key: 'y' },
    ],
  },
};

function guestItem({ label, access, connections }: PairingInfo['guests'][number], index: number): MenuItem {
  const where = connections.length > 0 ? 'in' : 'not in';
  const text = `${label}: ${where}, ${access === 'read-only' ? 'view only' : 'may type'}`;
  return { text, value: String(index + 1), key: String(index + 1) };
}
