/** Why the sshd of this machine would not let a guest in by the account's `authorized_keys`, or not by our gate. */
export type Obstacle =
  | { readonly kind: 'keys-off' }
  /** It reads other files for this account. */
  | { readonly kind: 'other-key-file'; readonly files: readonly string[] }
  | {
      readonly kind: 'user-refused';
      readonly by: 'AllowUsers' | 'DenyUsers' | 'AllowGroups' | 'DenyGroups';
    }
  | { readonly kind: 'root-refused' }
  /** It runs this in place of a line's own command. */
  | { readonly kind: 'forced-command'; readonly command: string }
  /** It shuts everybody up in a folder, where our gate is not. */
  | { readonly kind: 'chroot'; readonly folder: string }
  /** It wants more than a key. */
  | { readonly kind: 'other-methods'; readonly methods: string }
  | { readonly kind: 'no-terminals' }
  /** What StrictModes refuses: others may write `path`, or it is somebody else's. */
  | { readonly kind: 'modes'; readonly path: string; readonly mode: number; readonly uid: number }
  | { readonly kind: 'owner'; readonly path: string; readonly uid: number };
