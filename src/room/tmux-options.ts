/** Every option of ours that a tmux server may hold, and what removes it. */

/** Where an option is set, and when it is unset. */
interface Ours {
  /**
   * Set in a room of its own. `left`: unset when the room is left. `stays`: kept while its server runs, which is nobody
   * else's.
   */
  readonly own?: 'left' | 'stays' | 'with its key';
  /** Set in a session of the host's own server; unset when the session is left. */
  readonly shared?: true;
}

const options: Readonly<Record<string, Ours>> = {
  // What the status segment shows, and which lease it belongs to.
  lease: { own: 'left', shared: true },
  until: { own: 'left', shared: true },
  guests: { own: 'left', shared: true },
  // The host's own status line, which ours contains.
  right: { own: 'stays', shared: true },
  length: { own: 'stays' },
  format: { own: 'stays', shared: true },
  // The line that is announced, its clients, and whether the status line is on for it alone.
  said: { own: 'stays', shared: true },
  'said-id': { own: 'stays', shared: true },
  to: { own: 'stays', shared: true },
  lent: { own: 'stays', shared: true },
  // Which of the options that sharing changes were set in the session; `kept-0` and so on hold their values.
  before: { shared: true },
  'kept-': { shared: true },
  menu: { own: 'with its key' },
  'menu-key': { own: 'with its key' },
};

function named(which: (ours: Ours) => boolean): readonly string[] {
  return Object.entries(options).flatMap(([name, ours]) => (which(ours) ? [`@tmuxpair-${name}`] : []));
}

export const allOptions = named(() => true);
/** Unset when a room of its own is left to the host. */
export const leftInRoom = named(({ own }) => own === 'left');
/** Unset when a shared session is left. */
export const leftInShared = named(({ shared }) => shared === true);
