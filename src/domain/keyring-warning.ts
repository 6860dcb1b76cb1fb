/** Why the keychain cannot be used in this run. `detail` is text from outside. */
export type KeychainTrouble =
  /** Linux: there is no D-Bus session bus to ask over. */
  | { readonly cause: 'no-bus' }
  /** The keychain binding is not installed. */
  | { readonly cause: 'not-installed' }
  /**
   * The binding exists, but does not load; `hint` says what is missing on the system, such as `libsecret-1.so.0` on
   * Linux.
   */
  | { readonly cause: 'not-loadable'; readonly detail: string; readonly hint?: string }
  /** It answers, but holds nothing that can be read, and nothing can be written: locked, or never set up. */
  | { readonly cause: 'locked'; readonly detail: string }
  /** It answers with an error; also if the bus has no Secret Service. */
  | { readonly cause: 'refused'; readonly detail: string }
  /** It hangs, or waits behind a prompt that nobody answered. */
  | { readonly cause: 'no-answer'; readonly milliseconds: number }
  /** The process that asks it died; `how` is a signal, an exit code or what was wrong with its answer. */
  | { readonly cause: 'crashed'; readonly how: string };

/** Why the state folder, or a file in it, is not used. `code` is an errno name. */
export type StateTrouble =
  | {
      readonly cause: 'symlink' | 'not-a-folder' | 'not-a-file' | 'other-owner' | 'writable-by-others';
      readonly path: string;
      /** The command that fixes it, if that harms nobody. */
      readonly hint?: string;
    }
  | { readonly cause: 'io'; readonly path: string; readonly code: string };

export type Trouble = KeychainTrouble | StateTrouble;

/** What is wrong with an existing record. */
export type RecordProblem =
  | 'not-json'
  | 'other-version'
  | 'wrong-shape'
  | 'bad-key'
  | 'bad-time'
  | 'other-reference'
  | 'too-long';

/**
 * Everything that the keyring reports. None of it stops a pairing. `references` and `unchecked` name guests whose keys
 * can look new although they may have been seen before.
 */
export type KeyringWarning =
  /**
   * Pins are kept in `path` for now. With `pinsThere`, the keychain holds earlier pins, and `unchecked` could not be
   * compared with them.
   */
  | {
      readonly kind: 'keychain-unusable';
      readonly trouble: KeychainTrouble;
      readonly path: string;
      readonly pinsThere: boolean;
      readonly unchecked: readonly string[];
    }
  /** The keychain is open and empty, though pins had been put there. */
  | { readonly kind: 'pins-lost' }
  /** The keychain lists these pins, but no longer has them. */
  | { readonly kind: 'pins-missing'; readonly references: readonly string[] }
  | {
      readonly kind: 'pin-unreadable';
      readonly reference: string;
      readonly where: 'keychain' | 'file';
      readonly problem: RecordProblem;
    }
  /** The keychain's list of references is not one that we can read; pins are still found by name. */
  | { readonly kind: 'index-unreadable'; readonly problem: RecordProblem }
  /** Pins moved from files into the keychain; for `conflicting` the keychain had other keys, which stand. */
  | { readonly kind: 'pins-moved'; readonly moved: number; readonly conflicting: readonly string[] }
  | { readonly kind: 'state-refused'; readonly trouble: StateTrouble }
  | { readonly kind: 'not-remembered'; readonly references: readonly string[]; readonly trouble: Trouble }
  | { readonly kind: 'not-forgotten'; readonly references: readonly string[]; readonly trouble: Trouble };
