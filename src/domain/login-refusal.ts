/** `many-keys`: sshd counts each, and ended it before one came that is invited. Else the account itself is refused. */
export interface Refused {
  readonly address: string;
  readonly why: 'many-keys' | 'other-keys' | 'locked' | 'expired';
}
