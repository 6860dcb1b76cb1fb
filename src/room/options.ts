/** Every option of ours that a tmux server may hold, and who takes it away again. */

/** Where an option stands, and when it is unset: with the room that is left, with the session that was shared, or else. */
interface Ours {
  /** Set in a room of its own: `left` is unset with it; `stays` as long as that server does, which is nobody else's. */
  readonly own?: 'left' | 'stays' | 'with its key';
  /** Set in a session of the host's own server: unset when it is left. */
  readonly shared?: true;
}

const options: Readonly<Record<string, Ours>> = {
  // What the status segment shows, and whose it is.
  lease: { own: 'left', shared: true },
  until: { own: 'left', shared: true },
  guests: { own: 'left', shared: true },
  // What the host's status line was, which ours has in it.
  right: { own: 'stays', shared: true },
  length: { own: 'stays' },
  format: { own: 'stays', shared: true },
  // The line that is announced, to whom, and whether there is a status line for it alone.
  said: { own: 'stays', shared: true },
  'said-id': { own: 'stays', shared: true },
  to: { own: 'stays', shared: true },
  lent: { own: 'stays', shared: true },
  // Which of the options that sharing changes were set in the session; `kept-0` and so on have their values.
  before: { shared: true },
  'kept-': { shared: true },
  menu: { own: 'with its key' },
  'menu-key': { own: 'with its key' },
};

function named(which: (ours: Ours) => boolean): readonly string[] {
  return Object.entries(options).flatMap(([name, ours]) => (which(ours) ? [`@tmuxpair-${name}`] : []));
}

export const allOptions = named(() => true);
/** What is unset when a room of its own is left to the host. */
export const leftInRoom = named(({ own }) => own === 'left');
/** What is unset when a shared session is left. */
export const leftInShared = named(({ shared }) => shared === true);
