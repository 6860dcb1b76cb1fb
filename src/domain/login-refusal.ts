/**
 * `many-keys`: sshd counts each key, and ended the login before an invited one came. `other-keys`: none was invited.
 * `locked`, `expired`: the account itself is refused.
 */
export interface Refused {
  readonly address: string;
  readonly why: 'many-keys' | 'other-keys' | 'locked' | 'expired';
}
